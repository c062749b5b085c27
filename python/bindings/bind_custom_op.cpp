// Operators registered at run time from Python: infer, forward and gradient are Python functions.
#include <pybind11/stl.h>

#include "graph/ops/tables.h"
#include "imperative/dispatch.h"
#include "kernels/common/kernel_table.h"
#include "python/bindings/bind.h"
#include "python/bindings/convert.h"
#include "python/bindings/shared_object.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

TensorType output_type(const py::handle& item, Device device) {
  auto pair = item.cast<py::tuple>();
  TensorType type{dtype_from_object(pair[1]), {}, device};
  for (py::handle size : pair[0]) {
    std::optional<Dim> dim = dim_from_object(size);
    if (!dim) raise(ErrorKind::kType, "infer: expected sizes, got ", py::repr(size).cast<std::string>());
    type.shape.push_back(*dim);
  }
  return type;
}

void infer(InferContext& c, const SharedObject& function, size_t outputs) {
  calling_python(c.op().name, "infer", [&] {
    py::list types;
    for (int i = 0; i < c.input_count(); ++i)
      types.append(py::make_tuple(shape_to_tuple(c.input(i).shape), dtype_to_object(c.input(i).dtype)));
    py::list result = (*function)(*py::tuple(types)).cast<py::list>();
    if (result.size() != outputs)
      raise(ErrorKind::kType, c.op().name, ": infer gave ", result.size(), " outputs, expected ", outputs);
    Device device = c.input_count() ? c.input(0).device : Device{};
    for (py::handle item : result) c.outputs.push_back(output_type(item, device));
    return 0;
  });
}

py::array view_of(const TensorView& view) {
  std::vector<py::ssize_t> strides;
  for (int64_t s : view.strides) strides.push_back(s * static_cast<py::ssize_t>(dtype_size(view.dtype)));
  py::array array(dtype_to_object(view.dtype).cast<py::dtype>(),
                  std::vector<py::ssize_t>(view.shape.begin(), view.shape.end()), strides, view.data,
                  py::none());
  return array;
}

struct State {
  std::string op;
  SharedObject forward;
};

void run(const KernelArgs& args) {
  const auto& state = args.state_as<State>();
  calling_python(state.op, "forward", [&] {
    py::list inputs;
    for (const TensorView& input : args.inputs) {
      py::array array = view_of(input);
      array.attr("setflags")(false);
      inputs.append(array);
    }
    py::object result = (*state.forward)(*py::tuple(inputs));
    py::list results = py::isinstance<py::tuple>(result) || py::isinstance<py::list>(result)
                           ? result.cast<py::list>()
                           : py::list(py::make_tuple(result));
    if (results.size() != args.outputs.size())
      raise(ErrorKind::kType, state.op, ": forward gave ", results.size(), " arrays, expected ",
            args.outputs.size());
    for (size_t i = 0; i < args.outputs.size(); ++i) {
      py::array given = py::module_::import("numpy").attr("asarray")(results[i]);
      py::array target = view_of(args.outputs[i]);
      if (!given.attr("shape").equal(target.attr("shape")))
        raise(ErrorKind::kValue, state.op, ": output ", i, " has shape ",
              py::repr(given.attr("shape")).cast<std::string>(), ", infer said ",
              py::repr(target.attr("shape")).cast<std::string>());
      target[py::ellipsis()] = given;
    }
    return 0;
  });
}

Vars gradient(GradContext& c, const SharedObject& function) {
  return calling_python(c.op.name, "gradient", [&] {
    py::list inputs, grads;
    for (int i = 0; i < c.input_count(); ++i) inputs.append(c.input(i) ? wrap(c.input(i)) : py::none());
    for (size_t i = 0; i < c.op.outputs.size(); ++i)
      grads.append(c.grad(static_cast<int>(i)) ? wrap(c.grad(static_cast<int>(i))) : py::none());
    py::object result = (*function)(inputs, grads);
    py::list list = py::isinstance<py::tuple>(result) || py::isinstance<py::list>(result)
                        ? result.cast<py::list>()
                        : py::list(py::make_tuple(result));
    Vars vars;
    for (py::handle grad : list) vars.push_back(grad.is_none() ? Var() : var_of(grad.ptr()));
    vars.resize(static_cast<size_t>(c.input_count()));
    return vars;
  });
}

void register_op(const std::string& name, const std::vector<std::string>& inputs, size_t outputs,
                 py::object infer_function, py::object forward, py::object grad, const std::string& doc) {
  SharedObject infer_shared = share(std::move(infer_function)), forward_shared = share(std::move(forward));
  OpDef op;
  op.name = name;
  op.doc = doc;
  op.portable = false;
  for (const std::string& input : inputs) op.inputs.push_back({input});
  op.outputs.clear();
  for (size_t i = 0; i < outputs; ++i) op.outputs.push_back({"out" + std::to_string(i)});
  op.infer = [infer_shared, outputs](InferContext& c) { infer(c, infer_shared, outputs); };
  OpTable::global().add(std::move(op));
  Kernel kernel;
  kernel.op = name;
  kernel.name = "python/" + name;
  kernel.prepare = [name, forward_shared](const KernelSignature&) {
    return Prepared{std::make_shared<const State>(State{name, forward_shared}), 0};
  };
  kernel.run = run;
  KernelTable::global().add(std::move(kernel));
  if (grad.is_none()) return;
  GradDef rule;
  rule.rule = [grad_shared = share(std::move(grad))](GradContext& c) { return gradient(c, grad_shared); };
  rule.saves_inputs = {GradDef::kAll};
  GradTable::global().add(name, std::move(rule));
}

}  // namespace

void bind_custom_op(py::module_& m) { m.def("register_op", register_op); }

}  // namespace miai::python
