// Where operators go when code calls them: at once (eager) or into a Function being built. Gradients and
// lowerings are written once against this.
#pragma once
#include <span>
#include <vector>

#include "graph/ir/tensor_type.h"
#include "kernels/common/attrs/attrs.h"
#include "runtime/intrusive_ptr.h"

namespace miai {

struct OpDef;

/// A tensor as gradients and lowerings see it: an eager value, or a value of a graph.
class VarBase : public RefCounted {
 public:
  /// In a recording, dims that the trace keeps dynamic are symbolic here.
  virtual TensorType type() const = 0;
};

class Var {
 public:
  Var() = default;
  explicit Var(IntrusivePtr<VarBase> base) : base_(std::move(base)) {}
  explicit operator bool() const { return static_cast<bool>(base_); }  // false: absent, or a gradient of zero
  TensorType type() const { return base_->type(); }
  DType dtype() const { return type().dtype; }
  Dims shape() const { return type().shape; }
  VarBase* get() const { return base_.get(); }
  const IntrusivePtr<VarBase>& base() const { return base_; }
  friend bool operator==(const Var& a, const Var& b) { return a.base_ == b.base_; }

 private:
  IntrusivePtr<VarBase> base_;
};
using Vars = std::vector<Var>;

class Emitter {
 public:
  virtual ~Emitter() = default;
  /// Applies an operator; absent optional inputs are empty Vars. Gives all outputs, auxiliary ones included.
  virtual Vars emit(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) = 0;
  /// A constant tensor with these host bytes (dense, row-major).
  virtual Var constant(const TensorType& type, const void* host_data) = 0;

  static Emitter& current();  // of this thread; raises if none is in force

 protected:
  friend class EmitterScope;
};

/// Makes an emitter the current one of this thread while it lives.
class EmitterScope {
 public:
  explicit EmitterScope(Emitter* emitter);
  ~EmitterScope();
  EmitterScope(const EmitterScope&) = delete;
  EmitterScope& operator=(const EmitterScope&) = delete;

 private:
  Emitter* previous_;
};

inline Vars emit(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  return Emitter::current().emit(op, attrs, inputs);
}
inline Var emit1(const OpDef& op, const Attrs& attrs, std::initializer_list<Var> inputs) {
  return std::move(emit(op, attrs, std::span(inputs.begin(), inputs.size()))[0]);
}

}  // namespace miai
