// Reading, writing and making tensors.
#include "imperative/dispatch.h"
#include "imperative/recording.h"
#include "imperative/tape.h"
#include "python/bindings/bind.h"
#include "python/bindings/convert.h"
#include "python/bindings/operators.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

/// Puts data into a tensor whatever it held, with the dtype and shape of the data.
void reset(py::handle tensor, py::handle value) {
  if (!is_tensor(tensor.ptr())) raise(ErrorKind::kType, "_reset: expected a Tensor");
  if (Recording* recording = Recording::current()) recording->touch(cell_of(tensor.ptr()));
  cell_of(tensor.ptr())
      .write(is_tensor(value.ptr()) ? value_of(value.ptr())
                                    : value_from_object(value, std::nullopt, default_device()));
}

}  // namespace

void bind_tensor(py::module_& m) {
  m.def("to_numpy", to_numpy, py::arg("tensor"), py::arg("copy") = false);
  m.def("reset", reset, py::arg("tensor"), py::arg("value"));
  m.def("detach", [](py::handle tensor) {
    // the same memory as a value of its own: tapes do not know it
    const OpDef& reshape = find_op("reshape");
    Var x = var_of(tensor.ptr());
    NoGradScope no_grad;
    return wrap(dispatch(
        reshape, parse_attrs("reshape", *reshape.attrs, {{"shape", AttrTraits<Dims>::to_value(x.shape())}}),
        std::span(&x, 1))[0]);
  });
  m.def("wait", [](py::handle tensor) { wait_for(*value_of(tensor.ptr())); });
  m.def(
      "explain",
      [](const std::string& op, py::sequence tensors, py::dict attributes) {
        std::vector<Var> inputs;
        for (py::handle t : tensors) inputs.push_back(t.is_none() ? Var() : operand(t, nullptr));
        std::vector<std::pair<std::string, AttrValue>> values;
        for (auto [name, value] : attributes)
          values.emplace_back(name.cast<std::string>(), attr_from_object(value));
        const OpDef& def = find_op(op);
        return explain_call(def, def.attrs ? parse_attrs(op, *def.attrs, values) : Attrs(), inputs);
      },
      py::arg("op"), py::arg("tensors"), py::arg("attributes") = py::dict());
  m.def("set_bfloat16", [](py::object object) { set_bfloat16_object(std::move(object)); });
  m.def("dtype_name", [](py::handle dtype) { return std::string(dtype_name(dtype_from_object(dtype))); });
  m.def("as_dtype", [](py::handle dtype) { return dtype_to_object(dtype_from_object(dtype)); });
  m.def("promote", [](py::handle a, py::handle b) {
    return dtype_to_object(promote(dtype_from_object(a), dtype_from_object(b)));
  });
}

}  // namespace miai::python
