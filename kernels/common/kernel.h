// A kernel: one implementation of an operator on one backend.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/common/attrs/attrs.h"
#include "kernels/common/tensor_view.h"

namespace miai {

/// All that the choice of a kernel and its prepared state may depend on. Views into the caller's storage.
struct KernelSignature {
  std::string_view op;
  std::span<const TensorMeta> inputs;  // absent optional inputs have present == false
  std::span<const TensorMeta> outputs;
  const Attrs& attrs;  // all dims static
  DeviceKind device = DeviceKind::kCpu;
  bool packed = false;  // the input Kernel::packs comes in the form that Kernel::pack gives it
};

/// Yes, or no with the reason in words, which `explain()` prints.
struct Support {
  bool ok = true;
  std::string reason;      // of a refusal
  bool if_needed = false;  // ok, but only where none but the reference is willing
  static Support yes() { return {}; }
  static Support no(std::string why) { return {false, std::move(why)}; }
  /// It can, but kernels of a lower preference are expected to be quicker.
  static Support only_if_needed(std::string why) { return {true, std::move(why), true}; }
};

/// State made once per signature, and the bytes of scratch memory that each run needs (64-byte aligned).
struct Prepared {
  std::shared_ptr<const void> state;
  size_t workspace_bytes = 0;
  size_t packed_bytes = 0;  // of the packed input; 0: it is taken as it lies, signature.packed or not
};

/// What a running kernel may use of its surroundings.
struct KernelContext {
  const std::atomic<bool>* cancelled = nullptr;  // long kernels look at it between tiles
  bool is_cancelled() const { return cancelled && cancelled->load(std::memory_order_relaxed); }
};

struct KernelArgs {
  const Attrs& attrs;
  const void* state;  // Prepared::state
  std::span<const TensorView> inputs;
  std::span<const TensorView> outputs;
  void* workspace;
  KernelContext& context;

  template <class T>
  const T& attrs_as() const {
    return attrs.as<T>();
  }
  template <class T>
  const T& state_as() const {
    return *static_cast<const T*>(state);
  }
};

/// Images (N, C, H, W) among a kernel's operands that it takes channels-last as well as row-major.
struct ChannelsLast {
  std::vector<int> inputs{}, outputs{};
  bool every = false;      // every operand of rank 4 is one
  bool together = true;    // all of them lie in the same way
  bool preferred = false;  // it is quicker then
};

struct Kernel {
  std::string op;         // operator it implements
  std::string name;       // "x86/conv2d_onednn", unique
  std::string library{};  // and its version, where it is not our own code
  DeviceKind device = DeviceKind::kCpu;
  std::function<Support(const KernelSignature&)> supports{};  // empty: supports all
  std::function<Prepared(const KernelSignature&)> prepare{};  // empty: nothing to prepare
  void (*run)(const KernelArgs&) = nullptr;                   // allocates nothing
  bool thread_invariant = true;                               // the number of threads changes no bit
  bool cannot_fail = false;  // may run in a plan's commit section (no bounds checks, no library errors)
  /// Raises what `run` would raise for these inputs (outputs are none); afterwards `run` cannot fail.
  void (*check)(const KernelArgs&) = nullptr;
  int preference = 0;  // higher is tried first; reference kernels are -100
  int packs = -1;      // the input that it can take packed: its weight
  void (*pack)(const void* state, const TensorView& input, void* packed) = nullptr;
  std::optional<ChannelsLast> channels_last{};  // none: its images are best row-major
};

}  // namespace miai
