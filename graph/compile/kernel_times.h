// What calls take on this machine (`fast_run`): each kernel is timed once on each call, and what was found is
// kept in a file for the next process.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "graph/compile/measure_kernel.h"
#include "kernels/common/kernel_table.h"

namespace miai {

/// Seconds of one run, as measure_kernel gives them.
using MeasureKernel = std::function<double(const Kernel& kernel, const KernelSignature& signature)>;

/// Thread-safe.
class KernelTimes {
 public:
  /// `file`: read when first asked for; empty: nothing is kept.
  explicit KernelTimes(std::string file, MeasureKernel measure = measure_kernel)
      : file_(std::move(file)), measure_(std::move(measure)) {}
  /// The process's, kept in default_file().
  static KernelTimes& global();
  /// kernel_times.json in MIAI_CACHE_DIR, else in miai/ of XDG_CACHE_HOME or ~/.cache; empty if there is no
  /// such folder to be had.
  static std::string default_file();

  /// Of the kernel on such a call; measured now unless that is known for this processor, number of threads
  /// and version of the kernel's library. nullopt where it cannot be measured: strides that run backwards, or
  /// a kernel that refuses the values it is measured with.
  std::optional<double> seconds(const Kernel& kernel, const KernelSignature& signature);
  /// Writes what was measured since; a folder that cannot be written to is no error.
  void save();

 private:
  void read_file();  // once; a file that is not whole counts as empty

  const std::string file_;
  const MeasureKernel measure_;
  std::mutex mutex_;
  bool is_read_ = false, is_changed_ = false;
  std::map<std::string, double> times_;
};

struct TimedKernel {
  std::shared_ptr<const Kernel> kernel;
  double seconds = 0;
};

/// The quickest kernel of a call (`signature.packed`: its weight packed where a kernel packs it): of those
/// that are willing, the reference if none is. nullopt: nothing can be measured.
std::optional<TimedKernel> quickest_kernel(KernelTimes& times, const KernelTable& table,
                                           const KernelSignature& signature);
/// The choice of find_kernel, or the quickest kernel if several are willing.
KernelChoice find_quickest_kernel(KernelTimes& times, const KernelTable& table,
                                  const KernelSignature& signature);

}  // namespace miai
