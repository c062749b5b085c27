#include "python/bindings/operators.h"

#include "imperative/dispatch.h"
#include "python/bindings/convert.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

constexpr int64_t kReleaseAbove = 1 << 15;  // elements; below, handing the GIL over costs more than the work

bool is_large(std::span<const Var> inputs) {
  int64_t total = 0;
  for (const Var& input : inputs)
    if (input) total += eager(input).ref.meta.size();
  return total > kReleaseAbove;
}

bool is_operand(PyObject* object) {
  return is_tensor(object) || is_scalar(object) || py::isinstance<Dim>(py::handle(object)) ||
         PyObject_HasAttrString(object, "__array__");
}

}  // namespace

Vars call(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  if (!is_large(inputs)) return dispatch(op, attrs, inputs);
  py::gil_scoped_release release;
  return dispatch(op, attrs, inputs);
}

PyObject* call_binary(const OpDef& op, PyObject* a, PyObject* b) {
  if (!is_operand(a) || !is_operand(b)) Py_RETURN_NOTIMPLEMENTED;
  Var operands[2];
  if (is_tensor(a)) {
    operands[0] = var_of(a);
    TensorType like = is_tensor(b) ? TensorType{} : eager(operands[0]).concrete_type();
    operands[1] = operand(b, &like);
  } else {
    operands[1] = var_of(b);
    TensorType like = eager(operands[1]).concrete_type();
    operands[0] = operand(a, &like);
  }
  return wrap_var(call(op, Attrs(), operands)[0]);
}

PyObject* call_unary(const OpDef& op, PyObject* a) {
  Var operand = var_of(a);
  return wrap_var(call(op, Attrs(), std::span(&operand, 1))[0]);
}

void assign(PyObject* tensor, const Var& value, std::string_view what) {
  Cell& cell = cell_of(tensor);
  TensorType now = to_var(value_of(tensor)).type(), next = value.type();
  if (next.dtype != now.dtype)
    raise(ErrorKind::kType, what, ": the result has dtype ", next.dtype, " and the tensor has ", now.dtype,
          "; write x = x + y, or cast with astype");
  if (!(next.shape == now.shape))
    raise(ErrorKind::kValue, what, ": the result has shape ", next.shape, " and the tensor has ", now.shape);
  cell.write(to_value(value));
}

PyObject* call_inplace(const OpDef& op, PyObject* a, PyObject* b) {
  if (!is_operand(b)) Py_RETURN_NOTIMPLEMENTED;
  Var operands[2] = {var_of(a), Var()};
  TensorType like = eager(operands[0]).concrete_type();
  operands[1] = operand(b, &like);
  Vars result = call(op, Attrs(), operands);
  assign(a, result[0], op.name + " in place");
  return Py_NewRef(a);
}

}  // namespace miai::python
