// Python objects to and from the core's types.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <optional>

#include "graph/ir/emitter.h"
#include "imperative/value.h"
#include "kernels/common/attrs/attrs.h"

namespace miai::python {

namespace py = pybind11;

/// numpy.dtype, a NumPy scalar type, a Python type, a name, or miai.bfloat16. Raises TypeError.
DType dtype_from_object(py::handle object);
/// numpy.dtype('float32'); the miai.bfloat16 object.
py::object dtype_to_object(DType dtype);
void set_bfloat16_object(py::object object);

Device device_from_object(py::handle object);  // a name, or None for the default device
Device default_device();
void set_default_device(Device device);

AttrValue attr_from_object(py::handle object);
py::object attr_to_object(const AttrValue& value);
py::object dim_to_object(Dim dim);  // an int, or a Dim
std::optional<Dim> dim_from_object(py::handle object);
py::tuple shape_to_tuple(const Dims& shape);

/// Whether the object is a Python bool, int or float: a weak scalar.
bool is_scalar(PyObject* object);
/// A 0-d tensor of the dtype that the scalar takes next to `other`. Raises OverflowError if it does not fit.
Var scalar_var(PyObject* scalar, const TensorType& other);
/// A tensor with the data of a Python number, list, NumPy array or what NumPy can take; copied.
ValuePtr value_from_object(py::handle data, std::optional<DType> dtype, Device device);
/// A tensor operand: a Tensor, or what value_from_object takes. `like` gives weak scalars their dtype.
Var operand(py::handle object, const TensorType* like);

/// A read-only view of the memory if `share` and the layout allows, else a copy.
py::array to_numpy(py::handle tensor, bool copy);

}  // namespace miai::python
