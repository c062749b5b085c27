#include "python/bindings/custom_op.h"

#include "imperative/tape.h"
#include "python/bindings/convert.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

py::dict keywords_of(const Attrs& attrs) {
  py::dict keywords;
  if (attrs.type())
    for (const FieldInfo& field : attrs.type()->fields)
      keywords[py::str(std::string(field.name))] = attr_to_object(field.get(attrs.data(), field));
  return keywords;
}

/// A tuple or list as it is; anything else as the only item.
py::list as_list(const py::object& result) {
  if (py::isinstance<py::tuple>(result) || py::isinstance<py::list>(result)) return result.cast<py::list>();
  return py::list(py::make_tuple(result));
}

void check_count(const PythonOp& op, const char* what, const char* items, size_t given) {
  if (given != op.outputs)
    raise(ErrorKind::kType, op.name, ": ", what, " gave ", given, " ", items, ", expected ", op.outputs);
}

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

py::array view_of(const TensorView& view) {
  std::vector<py::ssize_t> strides;
  for (int64_t s : view.strides) strides.push_back(s * static_cast<py::ssize_t>(dtype_size(view.dtype)));
  py::array array(dtype_to_object(view.dtype).cast<py::dtype>(),
                  std::vector<py::ssize_t>(view.shape.begin(), view.shape.end()), strides, view.data,
                  py::none());
  return array;
}

py::object wrap_or_none(const Var& var) { return var ? wrap(var) : py::none(); }

Vars vars_of(const py::list& tensors) {
  Vars vars;
  for (py::handle tensor : tensors) vars.push_back(tensor.is_none() ? Var() : var_of(tensor.ptr()));
  return vars;
}

}  // namespace

void call_infer(const PythonOp& op, InferContext& c) {
  calling_python(op.name, "infer", [&] {
    py::list types;
    for (int i = 0; i < c.input_count(); ++i)
      types.append(py::make_tuple(shape_to_tuple(c.input(i).shape), dtype_to_object(c.input(i).dtype)));
    py::list result = (*op.infer)(*py::tuple(types), **keywords_of(c.raw_attrs())).cast<py::list>();
    check_count(op, "infer", "outputs", result.size());
    Device device = c.input_count() ? c.input(0).device : Device{};
    for (py::handle item : result) c.outputs.push_back(output_type(item, device));
    return 0;
  });
}

void call_forward(const KernelArgs& args) {
  const auto& op = args.state_as<PythonOp>();
  calling_python(op.name, "forward", [&] {
    py::list inputs;
    for (const TensorView& input : args.inputs) {
      py::array array = view_of(input);
      array.attr("setflags")(false);
      inputs.append(array);
    }
    py::list results = as_list((*op.forward)(*py::tuple(inputs), **keywords_of(args.attrs)));
    check_count(op, "forward", "arrays", results.size());
    for (size_t i = 0; i < args.outputs.size(); ++i) {
      py::array given = py::module_::import("numpy").attr("asarray")(results[i]);
      py::array target = view_of(args.outputs[i]);
      if (!given.attr("shape").equal(target.attr("shape")))
        raise(ErrorKind::kValue, op.name, ": output ", i, " has shape ",
              py::repr(given.attr("shape")).cast<std::string>(), ", infer said ",
              py::repr(target.attr("shape")).cast<std::string>());
      target[py::ellipsis()] = given;
    }
    return 0;
  });
}

Vars call_gradient(const PythonOp& op, GradContext& c) {
  return calling_python(op.name, "gradient", [&] {
    py::list inputs, grads;
    for (int i = 0; i < c.input_count(); ++i) inputs.append(wrap_or_none(c.input(i)));
    for (size_t i = 0; i < op.outputs; ++i) grads.append(wrap_or_none(c.grad(static_cast<int>(i))));
    Vars vars = vars_of(as_list((*op.grad)(inputs, grads, **keywords_of(c.attrs))));
    vars.resize(static_cast<size_t>(c.input_count()));
    return vars;
  });
}

Vars call_lowering(const PythonOp& op, std::span<const Var> inputs, const Attrs& attrs) {
  return calling_python(op.name, "lowering", [&] {
    py::list tensors;
    for (const Var& input : inputs) tensors.append(wrap_or_none(input));
    py::list results = as_list((*op.lower)(*py::tuple(tensors), **keywords_of(attrs)));
    check_count(op, "lowering", "tensors", results.size());
    for (py::handle result : results)
      if (!is_tensor(result.ptr()))
        raise(ErrorKind::kType, op.name, ": its lowering gave ", Py_TYPE(result.ptr())->tp_name,
              ", expected Tensors; write it with miai's operators");
    return vars_of(results);
  });
}

Vars lowering_gradient(const PythonOp& op, GradContext& c) {
  Vars inputs, targets, seeds;
  std::vector<uint64_t> sources;
  Tape tape;
  for (int i = 0; i < c.input_count(); ++i) {
    inputs.push_back(c.input(i));
    sources.push_back(c.needs(i) ? eager(c.input(i)).id : 0);
    if (c.needs(i)) tape.attach(to_value(c.input(i)));
  }
  tape.start();
  Vars outputs = call_lowering(op, inputs, c.attrs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!c.grad(static_cast<int>(i))) continue;
    targets.push_back(outputs[i]);
    seeds.push_back(c.grad(static_cast<int>(i)));
  }
  Vars grads = tape.backward(targets, seeds, sources);
  for (size_t i = 0; i < grads.size(); ++i)  // an input given twice has one gradient
    if (std::find(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(i), sources[i]) !=
        sources.begin() + static_cast<std::ptrdiff_t>(i))
      grads[i] = Var();
  return grads;
}

}  // namespace miai::python
