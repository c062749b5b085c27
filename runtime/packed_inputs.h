// Inputs in a form that their kernels read quicker (packed weights): made once for the states and constants
// they come from, and again when such a state has changed.
#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "kernels/common/kernel.h"
#include "runtime/tensor_ref.h"

namespace miai {

struct StateSlot;

struct PackedInput {
  std::shared_ptr<const Kernel> kernel;
  std::shared_ptr<const void> state;  // Prepared::state
  int source = 0;                     // index of a state, or of a constant
  bool is_constant = false;
  TensorMeta meta;     // the kernel's view of the source,
  int64_t offset = 0;  // which begins so many bytes after it
  size_t bytes = 0;    // when packed
  Device device;
};

/// While it lives it holds the states it was made from, so nobody writes over them.
struct PackedValues {
  struct Source {
    TensorRef state;      // or, of what nobody ever writes over,
    uint64_t serial = 0;  // StateSlot::serial
  };
  std::vector<Source> from;
  std::vector<IntrusivePtr<Storage>> values;
};

/// Shared by the executors of one plan. Thread-safe.
class PackedInputs {
 public:
  std::vector<PackedInput> list;
  int64_t bytes() const;
  /// Whether `values` are the packed forms of these states.
  bool fits(const PackedValues* values, std::span<const StateSlot> states,
            std::span<const TensorRef> constants) const;
  /// `last` if it still fits the states, else the packed forms of the states as they are now.
  std::shared_ptr<const PackedValues> get(const std::shared_ptr<const PackedValues>& last,
                                          std::span<const StateSlot> states,
                                          std::span<const TensorRef> constants);

 private:
  std::mutex mutex_;
  std::weak_ptr<const PackedValues> latest_;
};

}  // namespace miai
