// The Python type `Tensor`: a cell. Its number slots call operators without generated Python in between.
#pragma once
#include <pybind11/pybind11.h>

#include "imperative/cell.h"

namespace miai::python {

struct PyTensor {
  PyObject_HEAD    // NOLINT
      Cell* cell;  // holds a share
  PyObject* weak_references;
};

extern PyTypeObject* tensor_type;  // set by init_tensor_type

inline bool is_tensor(PyObject* object) { return PyObject_TypeCheck(object, tensor_type); }
inline Cell& cell_of(PyObject* object) { return *reinterpret_cast<PyTensor*>(object)->cell; }

/// The tensor's value, known to the recording in force. Raises ValueError for an empty tensor.
const ValuePtr& value_of(PyObject* tensor);
Var var_of(PyObject* tensor);

/// New references.
PyObject* wrap_cell(CellPtr cell);
PyObject* wrap_value(ValuePtr value);
PyObject* wrap_var(const Var& var);
pybind11::object wrap(const Var& var);

void init_tensor_type(pybind11::module_& module);

}  // namespace miai::python
