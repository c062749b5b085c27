#include "python/bindings/tensor_slots.h"

#include "python/bindings/convert.h"
#include "python/bindings/errors.h"
#include "python/bindings/operators.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

/// The operators behind Python's; a type for each, so that a slot is one function without a table look-up.
template <const char* Name>
const OpDef& named() {
  static const OpDef& op = find_op(Name);
  return op;
}

template <const char* Name>
PyObject* binary(PyObject* a, PyObject* b) {
  return guarded<PyObject*>(nullptr, [&] { return call_binary(named<Name>(), a, b); });
}
template <const char* Name>
PyObject* unary(PyObject* a) {
  return guarded<PyObject*>(nullptr, [&] { return call_unary(named<Name>(), a); });
}
template <const char* Name>
PyObject* inplace(PyObject* a, PyObject* b) {
  return guarded<PyObject*>(nullptr, [&] { return call_inplace(named<Name>(), a, b); });
}

constexpr char kAdd[] = "add", kSub[] = "sub", kMul[] = "mul", kDiv[] = "div", kFloorDiv[] = "floor_div",
               kMod[] = "mod", kPow[] = "pow", kMatmul[] = "matmul", kAnd[] = "bitwise_and",
               kOr[] = "bitwise_or", kXor[] = "bitwise_xor", kShiftLeft[] = "left_shift",
               kShiftRight[] = "right_shift", kNeg[] = "neg", kAbs[] = "abs", kInvert[] = "bitwise_not",
               kEqual[] = "equal", kNotEqual[] = "not_equal", kLess[] = "less", kLessEqual[] = "less_equal",
               kGreater[] = "greater", kGreaterEqual[] = "greater_equal";

template <const char* Name>
PyObject* matmul_like(PyObject* a, PyObject* b) {
  return guarded<PyObject*>(nullptr, [&]() -> PyObject* {
    if (is_scalar(a) || is_scalar(b))
      raise(ErrorKind::kType, "matmul: expected tensors, got a number; use * to scale");
    static const OpDef& op = find_op(Name);
    static const Attrs defaults(op.attrs->create(), op.attrs);
    if (!is_tensor(a) || !is_tensor(b)) {
      TensorType like = eager(var_of(is_tensor(a) ? a : b)).concrete_type();
      Var operands[2] = {operand(a, &like), operand(b, &like)};
      return wrap_var(call(op, defaults, operands)[0]);
    }
    Var operands[2] = {var_of(a), var_of(b)};
    return wrap_var(call(op, defaults, operands)[0]);
  });
}

PyObject* power(PyObject* a, PyObject* b, PyObject* modulus) {
  if (modulus != Py_None) {
    PyErr_SetString(PyExc_TypeError, "pow: a modulus is not supported for tensors");
    return nullptr;
  }
  return binary<kPow>(a, b);
}
PyObject* inplace_power(PyObject* a, PyObject* b, PyObject*) { return inplace<kPow>(a, b); }

PyObject* positive(PyObject* a) { return Py_NewRef(a); }

PyObject* compare(PyObject* a, PyObject* b, int operation) {
  switch (operation) {
    case Py_LT:
      return binary<kLess>(a, b);
    case Py_LE:
      return binary<kLessEqual>(a, b);
    case Py_EQ:
      return binary<kEqual>(a, b);
    case Py_NE:
      return binary<kNotEqual>(a, b);
    case Py_GT:
      return binary<kGreater>(a, b);
    default:
      return binary<kGreaterEqual>(a, b);
  }
}

Py_hash_t hash(PyObject* self) { return static_cast<Py_hash_t>(reinterpret_cast<size_t>(self) >> 4); }

py::object item_of(PyObject* self) {
  const TensorMeta& meta = value_of(self)->ref.meta;
  if (meta.size() != 1)
    raise(ErrorKind::kValue, "a tensor with ", meta.size(), " elements (shape ", meta.shape,
          ") is not one number; use .tolist(), or .any() and .all() for truth");
  return to_numpy(self, false).attr("item")();
}

int is_true(PyObject* self) {
  return guarded<int>(-1, [&] { return PyObject_IsTrue(item_of(self).ptr()); });
}
PyObject* to_float(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&] { return PyNumber_Float(item_of(self).ptr()); });
}
PyObject* to_int(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&] { return PyNumber_Long(item_of(self).ptr()); });
}
PyObject* to_index(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&] {
    const TensorMeta& meta = value_of(self)->ref.meta;
    if (!is_int(meta.dtype) || meta.rank() != 0)
      raise(ErrorKind::kType, "only an integer tensor of rank 0 can be an index, got ", meta.dtype,
            meta.shape);
    return PyNumber_Index(item_of(self).ptr());
  });
}

PyObject* subscript(PyObject* self, PyObject* key) {
  return guarded<PyObject*>(nullptr, [&] { return get_item(self, key); });
}
int assign_subscript(PyObject* self, PyObject* key, PyObject* value) {
  return guarded<int>(-1, [&] {
    if (!value) raise(ErrorKind::kType, "elements of a tensor cannot be deleted");
    set_item(self, key, value);
    return 0;
  });
}

template <class F>
PyType_Slot slot(int id, F* function) {
  return {id, reinterpret_cast<void*>(function)};
}

}  // namespace

void add_number_slots(std::vector<PyType_Slot>& slots) {
  const PyType_Slot all[] = {slot(Py_nb_add, binary<kAdd>),
                             slot(Py_nb_subtract, binary<kSub>),
                             slot(Py_nb_multiply, binary<kMul>),
                             slot(Py_nb_true_divide, binary<kDiv>),
                             slot(Py_nb_floor_divide, binary<kFloorDiv>),
                             slot(Py_nb_remainder, binary<kMod>),
                             slot(Py_nb_power, power),
                             slot(Py_nb_matrix_multiply, matmul_like<kMatmul>),
                             slot(Py_nb_and, binary<kAnd>),
                             slot(Py_nb_or, binary<kOr>),
                             slot(Py_nb_xor, binary<kXor>),
                             slot(Py_nb_lshift, binary<kShiftLeft>),
                             slot(Py_nb_rshift, binary<kShiftRight>),
                             slot(Py_nb_negative, unary<kNeg>),
                             slot(Py_nb_positive, positive),
                             slot(Py_nb_absolute, unary<kAbs>),
                             slot(Py_nb_invert, unary<kInvert>),
                             slot(Py_nb_inplace_add, inplace<kAdd>),
                             slot(Py_nb_inplace_subtract, inplace<kSub>),
                             slot(Py_nb_inplace_multiply, inplace<kMul>),
                             slot(Py_nb_inplace_true_divide, inplace<kDiv>),
                             slot(Py_nb_inplace_floor_divide, inplace<kFloorDiv>),
                             slot(Py_nb_inplace_remainder, inplace<kMod>),
                             slot(Py_nb_inplace_power, inplace_power),
                             slot(Py_nb_inplace_and, inplace<kAnd>),
                             slot(Py_nb_inplace_or, inplace<kOr>),
                             slot(Py_nb_inplace_xor, inplace<kXor>),
                             slot(Py_nb_inplace_lshift, inplace<kShiftLeft>),
                             slot(Py_nb_inplace_rshift, inplace<kShiftRight>),
                             slot(Py_nb_bool, is_true),
                             slot(Py_nb_float, to_float),
                             slot(Py_nb_int, to_int),
                             slot(Py_nb_index, to_index),
                             slot(Py_tp_richcompare, compare),
                             slot(Py_tp_hash, hash),
                             slot(Py_mp_subscript, subscript),
                             slot(Py_mp_ass_subscript, assign_subscript)};
  slots.insert(slots.end(), std::begin(all), std::end(all));
}

}  // namespace miai::python
