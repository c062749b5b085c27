// Kernels chosen by measurement (`fast_run`): each call is timed once on this machine with every kernel that
// supports it, and what was found is kept in a file for the next process.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "kernels/common/kernel_table.h"

namespace miai {

struct KernelTime {
  std::string kernel;  // name
  double seconds = 0;
};

/// Thread-safe.
class KernelTimes {
 public:
  /// `file`: read when first asked for; empty: nothing is kept.
  explicit KernelTimes(std::string file) : file_(std::move(file)) {}
  /// The process's, kept in default_file().
  static KernelTimes& global();
  /// kernel_times.json in MIAI_CACHE_DIR, else in miai/ of XDG_CACHE_HOME or ~/.cache; empty if there is no
  /// such folder to be had.
  static std::string default_file();

  /// The quickest kernel of a call, its weight packed if `may_pack`; measured now unless that is known for
  /// this processor, number of threads and set of kernels. nullopt where nothing can be measured: no kernel
  /// beside the reference, or strides that run backwards.
  std::optional<KernelTime> quickest(const KernelTable& table, const KernelSignature& signature,
                                     bool may_pack);
  /// Writes what was measured since; a folder that cannot be written to is no error.
  void save();

 private:
  void read_file();  // once; a file that is not whole counts as empty

  const std::string file_;
  std::mutex mutex_;
  bool is_read_ = false, is_changed_ = false;
  std::map<std::string, KernelTime> times_;
};

/// The choice of find_kernel, or the quickest kernel if several are willing.
KernelChoice find_quickest_kernel(const KernelTable& table, const KernelSignature& signature, bool may_pack);

}  // namespace miai
