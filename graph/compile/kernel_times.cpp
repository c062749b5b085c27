#include "graph/compile/kernel_times.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "graph/compile/measure_kernel.h"
#include "graph/serialize/whole_file.h"
#include "kernels/common/error.h"
#include "kernels/common/parallel.h"
#include "kernels/common/processor.h"

namespace miai {
namespace {

constexpr double kWorthIt = 0.97;  // of the preferred kernel's time: less of a gain may be noise

using Kernels = std::vector<std::shared_ptr<const Kernel>>;

/// All that the times depend on.
std::string key_of(const Kernels& kernels, const KernelSignature& s, bool may_pack) {
  std::ostringstream key;
  key << processor_name() << "; " << thread_count() << " threads; " << s.op << '(' << s.attrs << ')';
  for (auto metas : {s.inputs, s.outputs}) {
    key << " |";
    for (const TensorMeta& meta : metas) {
      if (!meta.present) {
        key << " none";
        continue;
      }
      key << ' ' << meta.dtype << meta.shape;
      if (!meta.is_dense()) key << " strides " << meta.strides;
    }
  }
  key << (may_pack ? "; packed;" : ";");
  for (const auto& kernel : kernels) key << ' ' << kernel->name << ' ' << kernel->library;
  return key.str();
}

KernelTime measure(const Kernels& kernels, const KernelSignature& signature, bool may_pack) {
  KernelTime best;
  for (const auto& kernel : kernels) {
    double seconds = measure_kernel(*kernel, signature, may_pack);
    if (best.kernel.empty() || seconds < best.seconds * kWorthIt) best = {kernel->name, seconds};
  }
  return best;
}

using Times = std::map<std::string, KernelTime>;

Times parse(const std::string& file) {
  Times times;
  std::error_code error;
  if (file.empty() || !std::filesystem::exists(file, error)) return times;
  MappedFile mapped = map_file(file);
  const char* text = static_cast<const char*>(mapped.data.get());
  auto json = nlohmann::json::parse(text, text + mapped.size, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return times;
  for (const auto& [key, entry] : json.items())
    if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_number())
      times[key] = {entry[0].get<std::string>(), entry[1].get<double>()};
  return times;
}

}  // namespace

KernelTimes& KernelTimes::global() {
  static KernelTimes times(default_file());
  return times;
}

std::string KernelTimes::default_file() {
  auto folder = [](const char* value, const char* below) -> std::string {
    return value && *value ? std::string(value) + below : "";
  };
  std::string found = folder(std::getenv("MIAI_CACHE_DIR"), "");
  for (auto [variable, below] : {std::pair("XDG_CACHE_HOME", "/miai"), std::pair("HOME", "/.cache/miai")})
    if (found.empty()) found = folder(std::getenv(variable), below);
  return found.empty() ? "" : found + "/kernel_times.json";
}

void KernelTimes::read_file() {
  if (std::exchange(is_read_, true)) return;
  try {
    times_ = parse(file_);
  } catch (const Error&) {  // not to be read: measured anew
  }
}

std::optional<KernelTime> KernelTimes::quickest(const KernelTable& table, const KernelSignature& signature,
                                                bool may_pack) {
  Kernels kernels = willing_kernels(table, signature);
  if (kernels.empty() || !can_measure(signature)) return std::nullopt;
  std::string key = key_of(kernels, signature, may_pack);
  std::lock_guard lock(mutex_);  // two measurements at a time would disturb each other
  read_file();
  auto it = times_.find(key);
  if (it == times_.end()) {
    it = times_.emplace(std::move(key), measure(kernels, signature, may_pack)).first;
    is_changed_ = true;
  }
  return it->second;
}

void KernelTimes::save() {
  std::lock_guard lock(mutex_);
  if (file_.empty() || !std::exchange(is_changed_, false)) return;
  try {
    nlohmann::json json = nlohmann::json::object();
    Times all = parse(file_);  // another process may have added to it
    for (const auto& [key, time] : times_) all[key] = time;
    for (const auto& [key, time] : all) json[key] = {time.kernel, time.seconds};
    std::filesystem::create_directories(std::filesystem::path(file_).parent_path());
    std::string text = json.dump(1);
    std::span<const char> part(text);
    write_whole_file(file_, {&part, 1});
  } catch (const std::exception&) {  // the next process measures anew
  }
}

KernelChoice find_quickest_kernel(const KernelTable& table, const KernelSignature& signature, bool may_pack) {
  KernelChoice choice = find_kernel(table, signature);
  Kernels kernels = willing_kernels(table, signature);
  if (kernels.size() < 2) return choice;
  std::optional<KernelTime> best = KernelTimes::global().quickest(table, signature, may_pack);
  if (!best || best->kernel == choice.kernel->name) return choice;
  auto found =
      std::find_if(kernels.begin(), kernels.end(), [&](const auto& k) { return k->name == best->kernel; });
  if (found == kernels.end()) return choice;
  std::erase_if(choice.refusals, [&](const Refusal& r) { return r.kernel == best->kernel; });
  choice.refusals.push_back({choice.kernel->name, "measured: it takes longer"});
  choice.kernel = *found;
  return choice;
}

}  // namespace miai
