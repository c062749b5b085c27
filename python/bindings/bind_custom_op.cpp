// Operators registered at run time from Python: infer, forward, gradient and lowering are Python functions.
#include <pybind11/stl.h>

#include "graph/ops/runtime_op.h"
#include "kernels/common/attrs/runtime_attrs.h"
#include "kernels/common/kernel_table.h"
#include "python/bindings/bind.h"
#include "python/bindings/convert.h"
#include "python/bindings/custom_op.h"

namespace miai::python {
namespace {

SharedObject share_unless_none(py::object object) {
  return object.is_none() ? nullptr : share(std::move(object));
}

/// Of the type of its default.
RuntimeField field_of(const std::string& name, py::handle initial) {
  AttrValue value = attr_from_object(initial);
  const std::pair<size_t, AttrKind> kinds[] = {{AttrValue(true).index(), AttrKind::kBool},
                                               {AttrValue(int64_t{0}).index(), AttrKind::kInt},
                                               {AttrValue(0.0).index(), AttrKind::kFloat},
                                               {AttrValue(std::string()).index(), AttrKind::kString},
                                               {AttrValue(Ints()).index(), AttrKind::kInts}};
  for (const auto& [index, kind] : kinds)
    if (value.index() == index) return {name, "", kind, value};
  raise(ErrorKind::kType, "attribute '", name, "': expected a default that is a bool, int, float, string or ",
        "tuple of ints, got ", py::repr(initial).cast<std::string>());
}

std::shared_ptr<const AttrsType> attrs_of(const py::dict& attrs) {
  if (attrs.empty()) return nullptr;
  std::vector<RuntimeField> fields;
  for (const auto& [name, initial] : attrs) fields.push_back(field_of(name.cast<std::string>(), initial));
  return runtime_attrs_type(std::move(fields));
}

OpDef definition_of(const PythonOpPtr& python, const std::vector<std::string>& inputs,
                    const std::string& doc) {
  OpDef op;
  op.name = python->name;
  op.doc = doc;
  op.portable = false;
  op.attrs = python->attrs.get();
  for (const std::string& input : inputs) op.inputs.push_back({input});
  op.outputs.clear();
  for (size_t i = 0; i < python->outputs; ++i) op.outputs.push_back({"out" + std::to_string(i)});
  op.infer = [python](InferContext& c) { call_infer(*python, c); };
  check_runtime_op(op);
  if (!python->lower) return op;
  op.lowers_eagerly = true;
  op.lower = [python](std::span<const Var> vars, const Attrs& attrs) {
    return call_lowering(*python, vars, attrs);
  };
  return op;
}

void add_kernel(const PythonOpPtr& python) {
  Kernel kernel;
  kernel.op = python->name;
  kernel.name = "python/" + python->name;
  kernel.prepare = [python](const KernelSignature&) { return Prepared{python, 0}; };
  kernel.run = call_forward;
  KernelTable::global().add(std::move(kernel));
}

void add_gradient(const PythonOpPtr& python) {
  auto* call = python->grad ? call_gradient : lowering_gradient;
  GradTable::global().add(python->name, {.rule = [python, call](GradContext& c) { return call(*python, c); },
                                         .saves_inputs = {GradDef::kAll}});
}

void register_op(const std::string& name, const std::vector<std::string>& inputs, size_t outputs,
                 py::object infer, py::object forward, py::object grad, py::object lower,
                 const py::dict& attrs, const std::string& doc) {
  PythonOpPtr python = std::make_shared<const PythonOp>(
      PythonOp{name, outputs, share(std::move(infer)), share_unless_none(std::move(forward)),
               share_unless_none(std::move(grad)), share_unless_none(std::move(lower)), attrs_of(attrs)});
  OpTable::global().add(definition_of(python, inputs, doc));
  if (python->forward) add_kernel(python);
  if (python->grad || python->lower) add_gradient(python);
}

}  // namespace

void bind_custom_op(py::module_& m) { m.def("register_op", register_op); }

}  // namespace miai::python
