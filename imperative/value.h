// An eager value: an immutable tensor with memory behind it.
#pragma once
#include "graph/ir/emitter.h"
#include "runtime/tensor_ref.h"

namespace miai {

class EagerValue final : public VarBase {
 public:
  explicit EagerValue(TensorRef ref) : ref(std::move(ref)), id(next_id()) {}

  const TensorRef ref;
  const uint64_t id;  // never used again, so that tapes need not keep the value to know it

  /// In a recording, the recorded type: dims may be symbolic.
  TensorType type() const override;
  TensorType concrete_type() const { return {ref.meta.dtype, to_dims(ref.meta.shape), ref.device()}; }

  static void* operator new(size_t bytes);
  static void operator delete(void* memory);

 private:
  static uint64_t next_id();
};
using ValuePtr = IntrusivePtr<EagerValue>;

/// The eager value behind a Var of an eager emitter.
inline EagerValue& eager(const Var& var) { return static_cast<EagerValue&>(*var.get()); }
inline Var to_var(const ValuePtr& value) { return Var(IntrusivePtr<VarBase>(value.get())); }
inline ValuePtr to_value(const Var& var) { return ValuePtr(static_cast<EagerValue*>(var.get())); }

/// A dense value with these bytes (row-major), copied to `device`.
ValuePtr value_from_host(DType dtype, const Shape& shape, Device device, const void* data);
/// A dense host copy of the value; waits for its device. Raises what the work behind it raised.
void copy_to_host(const EagerValue& value, void* out);
/// Waits until the value is computed; raises what the work behind it raised.
void wait_for(const EagerValue& value);
/// The same, and marks its memory as exported: it stays where it is until Storage::remove_export.
void export_memory(const EagerValue& value);

}  // namespace miai
