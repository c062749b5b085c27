#include "graph/compile/kernel_times.h"

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "graph/serialize/whole_file.h"
#include "kernels/common/error.h"
#include "kernels/common/parallel.h"
#include "kernels/common/processor.h"

namespace miai {
namespace {

constexpr double kWorthIt = 0.97;  // of the preferred kernel's time: less of a gain may be noise

/// All that the time depends on.
std::string key_of(const Kernel& kernel, const KernelSignature& s) {
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
  key << (s.packed ? "; packed; " : "; ") << kernel.name << ' ' << kernel.library;
  return key.str();
}

using Times = std::map<std::string, double>;

Times parse(const std::string& file) {
  Times times;
  std::error_code error;
  if (file.empty() || !std::filesystem::exists(file, error)) return times;
  MappedFile mapped = map_file(file);
  const char* text = static_cast<const char*>(mapped.data.get());
  auto json = nlohmann::json::parse(text, text + mapped.size, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return times;
  for (const auto& [key, seconds] : json.items())
    if (seconds.is_number()) times[key] = seconds.get<double>();
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

std::optional<double> KernelTimes::seconds(const Kernel& kernel, const KernelSignature& signature) {
  if (!can_measure(signature)) return std::nullopt;
  std::string key = key_of(kernel, signature);
  std::lock_guard lock(mutex_);  // two measurements at a time would disturb each other
  read_file();
  auto it = times_.find(key);
  if (it != times_.end()) return it->second;
  try {
    double seconds = measure_(kernel, signature);
    is_changed_ = true;
    return times_[key] = seconds;
  } catch (const Error&) {  // it refuses made-up values
    return std::nullopt;
  }
}

void KernelTimes::save() {
  std::lock_guard lock(mutex_);
  if (file_.empty() || !std::exchange(is_changed_, false)) return;
  try {
    nlohmann::json json = nlohmann::json::object();
    Times all = parse(file_);  // another process may have added to it
    for (const auto& [key, seconds] : times_) all[key] = seconds;
    for (const auto& [key, seconds] : all) json[key] = seconds;
    std::filesystem::create_directories(std::filesystem::path(file_).parent_path());
    std::string text = json.dump(1);
    std::span<const char> part(text);
    write_whole_file(file_, {&part, 1});
  } catch (const std::exception&) {  // the next process measures anew
  }
}

std::optional<TimedKernel> quickest_kernel(KernelTimes& times, const KernelTable& table,
                                           const KernelSignature& signature) {
  std::vector<std::shared_ptr<const Kernel>> kernels = willing_kernels(table, signature);
  if (kernels.empty()) kernels.push_back(find_kernel(table, signature).kernel);
  std::optional<TimedKernel> best;
  for (const auto& kernel : kernels) {
    KernelSignature call = signature;
    call.packed = signature.packed && kernel->packs >= 0;
    std::optional<double> seconds = times.seconds(*kernel, call);
    if (seconds && (!best || *seconds < best->seconds * kWorthIt)) best = {kernel, *seconds};
  }
  return best;
}

KernelChoice find_quickest_kernel(KernelTimes& times, const KernelTable& table,
                                  const KernelSignature& signature) {
  KernelChoice choice = find_kernel(table, signature);
  if (willing_kernels(table, signature).size() < 2) return choice;
  std::optional<TimedKernel> best = quickest_kernel(times, table, signature);
  if (!best || best->kernel == choice.kernel) return choice;
  std::erase_if(choice.refusals, [&](const Refusal& r) { return r.kernel == best->kernel->name; });
  choice.refusals.push_back({choice.kernel->name, "measured: it takes longer"});
  choice.kernel = best->kernel;
  return choice;
}

}  // namespace miai
