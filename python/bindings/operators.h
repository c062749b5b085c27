// Calling operators with Python operands.
#pragma once
#include <pybind11/pybind11.h>

#include "graph/ops/tables.h"
#include "imperative/value.h"

namespace miai::python {

/// Applies an operator with the GIL released where the work is large.
Vars call(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs);
/// op(a, b) where at least one is a Tensor; Py_NotImplemented for operands that tensors do not take. A new
/// reference.
PyObject* call_binary(const OpDef& op, PyObject* a, PyObject* b);
PyObject* call_unary(const OpDef& op, PyObject* a);
/// a op= b: the result goes into a's cell. A new reference to a.
PyObject* call_inplace(const OpDef& op, PyObject* a, PyObject* b);
/// Puts `value` into a tensor's cell after checking that dtype and shape stay.
void assign(PyObject* tensor, const Var& value, std::string_view what);

/// x[key], and x[key] = value.
PyObject* get_item(PyObject* tensor, PyObject* key);
void set_item(PyObject* tensor, PyObject* key, PyObject* value);

/// The vectorcall objects of the operator table, and the type behind them.
void init_op_function(pybind11::module_& module);

}  // namespace miai::python
