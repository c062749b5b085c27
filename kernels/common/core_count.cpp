#include "kernels/common/core_count.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "kernels/common/error.h"

namespace miai {
namespace {

std::optional<int> parse_threads(std::string_view text) {
  int value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < 1 || value > kMaxThreads) return std::nullopt;
  return value;
}

int affinity_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

int cores_of(double quota, double period) {
  return quota > 0 && period > 0 ? std::max(1, static_cast<int>(std::ceil(quota / period))) : kMaxThreads;
}

/// Cores that the control group grants, version 2 or 1; kMaxThreads if it sets no limit.
int control_group_cores() {
  std::string quota;
  double period = 0;
  if (std::ifstream file("/sys/fs/cgroup/cpu.max"); file >> quota >> period)
    return cores_of(std::strtod(quota.c_str(), nullptr), period);  // "max" reads as 0: no limit
  double old_quota = 0;
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (quota_file >> old_quota && period_file >> period) return cores_of(old_quota, period);
  return kMaxThreads;
}

}  // namespace

int default_thread_count() {
  if (const char* text = std::getenv("MIAI_NUM_THREADS")) {
    if (std::optional<int> threads = parse_threads(text)) return *threads;
    raise(ErrorKind::kValue, "MIAI_NUM_THREADS: expected a number from 1 to ", kMaxThreads, ", got '", text,
          "'");
  }
  if (const char* text = std::getenv("OMP_NUM_THREADS"))
    if (std::optional<int> threads = parse_threads(text)) return *threads;
  return std::min({affinity_cores(), control_group_cores(), kMaxThreads});
}

}  // namespace miai
