// An operator whose functions are Python's, and the calls of them.
#pragma once
#include <memory>
#include <string>

#include "graph/ops/tables.h"
#include "kernels/common/kernel.h"
#include "python/bindings/shared_object.h"

namespace miai::python {

struct PythonOp {
  std::string name;
  size_t outputs = 1;
  SharedObject infer, forward, grad, lower;  // null: not given
  std::shared_ptr<const AttrsType> attrs;
};
using PythonOpPtr = std::shared_ptr<const PythonOp>;

void call_infer(const PythonOp& op, InferContext& c);
/// The kernel's `run`; its state is the PythonOp.
void call_forward(const KernelArgs& args);
Vars call_gradient(const PythonOp& op, GradContext& c);
/// On eager tensors.
Vars call_lowering(const PythonOp& op, std::span<const Var> inputs, const Attrs& attrs);
/// The gradient of what the lowering computes.
Vars lowering_gradient(const PythonOp& op, GradContext& c);

}  // namespace miai::python
