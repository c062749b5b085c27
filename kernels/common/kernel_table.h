// All kernels by device and operator, ordered by preference.
#pragma once
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "kernels/common/kernel.h"

namespace miai {

class KernelTable {
 public:
  void add(Kernel kernel);
  /// Kernels of `op` on `device`, most preferred first; empty if none.
  const std::vector<std::shared_ptr<const Kernel>>& find(DeviceKind device, std::string_view op) const;
  /// Operators that have a kernel on `device`, sorted.
  std::vector<std::string> ops(DeviceKind device) const;
  size_t size() const { return size_; }

  /// The process's table, filled on first use from the generated list of all kernels.
  static KernelTable& global();

 private:
  mutable std::shared_mutex mutex_;  // kernels may be added at run time; lists keep their address
  std::map<std::string, std::vector<std::shared_ptr<const Kernel>>, std::less<>> kernels_[kDeviceKindCount];
  size_t size_ = 0;
};

struct Refusal {
  std::string kernel, reason;
};
struct KernelChoice {
  std::shared_ptr<const Kernel> kernel;
  Prepared prepared;
  std::vector<Refusal> refusals;  // of the kernels tried before
};

/// The first kernel that supports the signature, not prepared yet. (`signature.packed`: the weight may come
/// packed, where a kernel packs it.) Raises NotImplementedError with all
/// refusals if none. MIAI_DISABLE_KERNELS (comma-separated name prefixes) leaves kernels out, for tests and
/// comparison.
KernelChoice find_kernel(const KernelTable& table, const KernelSignature& signature);
/// All kernels but the reference that support the signature, most preferred first.
std::vector<std::shared_ptr<const Kernel>> willing_kernels(const KernelTable& table,
                                                           const KernelSignature& signature);
/// find_kernel's choice, prepared.
KernelChoice choose_kernel(const KernelTable& table, const KernelSignature& signature);

}  // namespace miai
