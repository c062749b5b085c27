// The operators' sample tables as Python data: the tests make the tensors.
#include <pybind11/stl.h>

#include "graph/ops/tables.h"
#include "python/bindings/bind.h"
#include "python/bindings/convert.h"

namespace miai::python {
namespace {

const char* form_name(SampleTensor::Form form) {
  switch (form) {
    case SampleTensor::Form::kTransposed:
      return "transposed";
    case SampleTensor::Form::kSliced:
      return "sliced";
    case SampleTensor::Form::kBroadcast:
      return "broadcast";
    case SampleTensor::Form::kDense:
      break;
  }
  return "dense";
}

const char* kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kType:
      return "TypeError";
    case ErrorKind::kIndex:
      return "IndexError";
    case ErrorKind::kNotImplemented:
      return "NotImplementedError";
    case ErrorKind::kOverflow:
      return "OverflowError";
    case ErrorKind::kMemory:
      return "MemoryError";
    case ErrorKind::kRuntime:
      return "RuntimeError";
    default:
      return "ValueError";
  }
}

py::object tensor_to_object(const std::optional<SampleTensor>& tensor) {
  if (!tensor) return py::none();
  py::dict d;
  d["dtype"] = std::string(dtype_name(tensor->dtype));
  d["shape"] = shape_to_tuple(to_dims(tensor->shape));
  d["low"] = tensor->low;
  d["high"] = tensor->high;
  d["values"] = tensor->values;
  d["form"] = form_name(tensor->form);
  d["distinct"] = tensor->distinct;
  d["grad"] = tensor->grad;
  return d;
}

template <class SampleType>
py::dict sample_to_dict(const SampleType& sample) {
  py::dict d;
  py::list inputs;
  for (const auto& input : sample.inputs) inputs.append(tensor_to_object(input));
  d["inputs"] = inputs;
  py::dict attrs;
  for (const auto& [name, value] : sample.attrs) attrs[py::str(name)] = attr_to_object(value);
  d["attrs"] = attrs;
  return d;
}

py::object samples(const std::string& op) {
  const SampleList* list = SampleTable::global().find(op);
  if (!list) return py::none();
  py::dict d;
  py::list valid, invalid;
  for (const Sample& sample : list->valid_samples) {
    py::dict s = sample_to_dict(sample);
    s["seed"] = sample.seed;
    valid.append(s);
  }
  for (const InvalidSample& sample : list->invalid_samples) {
    py::dict s = sample_to_dict(sample);
    s["error"] = kind_name(sample.kind);
    s["message"] = sample.message;
    invalid.append(s);
  }
  d["valid"] = valid;
  d["invalid"] = invalid;
  d["tolerance"] = list->tolerance;
  d["check_grad"] = list->check_grad;
  d["check_second_order"] = list->check_second_order;
  return d;
}

py::dict definition(const std::string& name) {
  const OpDef& op = find_op(name);
  py::dict d;
  d["name"] = op.name;
  d["doc"] = op.doc;
  py::list inputs;
  for (const InputDef& input : op.inputs)
    inputs.append(py::make_tuple(input.name, input.presence == Presence::kRequired   ? "required"
                                             : input.presence == Presence::kOptional ? "optional"
                                                                                     : "variadic"));
  d["inputs"] = inputs;
  py::list outputs;
  for (const OutputDef& output : op.outputs)
    outputs.append(py::make_tuple(output.name, output.aux        ? "aux"
                                               : output.variadic ? "variadic"
                                                                 : "visible"));
  d["outputs"] = outputs;
  py::list attrs;
  if (op.attrs) {
    std::shared_ptr<void> defaults = op.attrs->create();
    for (const FieldInfo& f : op.attrs->fields)
      attrs.append(py::make_tuple(std::string(f.name), std::string(attr_kind_name(f.kind)), f.optional,
                                  attr_to_object(f.get(defaults.get(), f))));
  }
  d["attrs"] = attrs;
  d["public"] = op.is_public;
  d["random"] = op.random;
  d["pointwise"] = op.is_pointwise();
  d["view"] = op.is_view();
  d["composite"] = static_cast<bool>(op.lower);
  d["reduction"] = op.reduction;
  return d;
}

}  // namespace

void bind_samples(py::module_& m) {
  m.def("samples", samples, py::arg("op"), "Sample calls of an operator, or None.");
  m.def("definition", definition, py::arg("op"), "What the operator table says of an operator.");
}

}  // namespace miai::python
