// Attribute values and dims between Python and the core.
#include "graph/ir/dim_expr.h"
#include "python/bindings/convert.h"

namespace miai::python {
namespace {

int64_t integer(py::handle object) {
  int overflow = 0;
  long long value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  if (overflow)
    raise(ErrorKind::kOverflow, "an integer does not fit in 64 bits: ", py::repr(object).cast<std::string>());
  return value;
}

/// An integer, or a dim of a trace; monostate for other objects.
std::variant<std::monostate, int64_t, Dim> integer_or_dim(py::handle object) {
  if (PyLong_Check(object.ptr())) return integer(object);
  if (py::isinstance<Dim>(object)) {
    Dim dim = object.cast<Dim>();
    if (dim.is_static()) return dim.value();
    return dim;
  }
  if (!PyIndex_Check(object.ptr())) return {};
  py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
  if (index) return integer(index);
  if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw py::error_already_set();  // Ctrl-C among others
  PyErr_Clear();
  return {};
}

AttrValue attr_from_sequence(py::handle object) {
  Ints ints;
  bool symbolic = false;
  for (py::handle item : object) {
    auto size = integer_or_dim(item);
    if (size.index() == 0)
      raise(ErrorKind::kType, "expected integers, got ", py::repr(object).cast<std::string>());
    symbolic |= std::holds_alternative<Dim>(size);
    if (const int64_t* value = std::get_if<int64_t>(&size)) ints.push_back(*value);
  }
  if (!symbolic) return ints;
  Dims dims;
  for (py::handle item : object) dims.push_back(*dim_from_object(item));
  return dims;
}

int64_t int_from_object(py::handle object) {
  int overflow = 0;
  long long value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  if (overflow)
    raise(ErrorKind::kOverflow, "an integer does not fit in 64 bits: ", py::repr(object).cast<std::string>());
  return value;
}

}  // namespace

std::optional<Dim> dim_from_object(py::handle object) {
  auto size = integer_or_dim(object);
  if (size.index() == 0) return std::nullopt;
  if (const int64_t* value = std::get_if<int64_t>(&size)) return Dim(*value);
  return std::get<Dim>(size);
}

AttrValue attr_from_object(py::handle object) {
  if (object.is_none()) return std::monostate{};
  if (PyBool_Check(object.ptr())) return object.is(py::handle(Py_True));
  if (PyLong_Check(object.ptr())) return int_from_object(object);
  if (PyFloat_Check(object.ptr())) return PyFloat_AS_DOUBLE(object.ptr());
  if (py::isinstance<py::str>(object)) return object.cast<std::string>();
  if (py::isinstance<py::tuple>(object) || py::isinstance<py::list>(object))
    return attr_from_sequence(object);
  auto size = integer_or_dim(object);
  if (const int64_t* value = std::get_if<int64_t>(&size)) return *value;
  if (const Dim* dim = std::get_if<Dim>(&size)) return *dim;
  if (py::hasattr(object, "dtype") && PyFloat_Check(object.ptr()) == 0 && py::hasattr(object, "__float__"))
    return py::float_(py::reinterpret_borrow<py::object>(object)).cast<double>();
  return dtype_from_object(object);
}

py::object dim_to_object(Dim dim) {
  if (dim.is_static()) return py::int_(dim.value());
  return py::cast(dim);
}

py::tuple shape_to_tuple(const Dims& shape) {
  py::tuple tuple(shape.size());
  for (int i = 0; i < shape.size(); ++i) tuple[i] = dim_to_object(shape[i]);
  return tuple;
}

namespace {

struct ToObject {
  py::object operator()(std::monostate) const { return py::none(); }
  py::object operator()(DType dtype) const { return dtype_to_object(dtype); }
  py::object operator()(Device device) const { return py::str(device_name(device)); }
  py::object operator()(Dim dim) const { return dim_to_object(dim); }
  py::object operator()(const Dims& dims) const { return shape_to_tuple(dims); }
  py::object operator()(const Ints& ints) const {
    py::tuple tuple(ints.size());
    for (size_t i = 0; i < ints.size(); ++i) tuple[i] = py::int_(ints[i]);
    return tuple;
  }
  template <class T>
  py::object operator()(const T& value) const {
    return py::cast(value);
  }
};

}  // namespace

py::object attr_to_object(const AttrValue& value) { return std::visit(ToObject{}, value); }

}  // namespace miai::python
