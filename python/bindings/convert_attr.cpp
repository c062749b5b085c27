// Attribute values and dims between Python and the core.
#include "graph/ir/dim_expr.h"
#include "python/bindings/convert.h"

namespace miai::python {
namespace {

AttrValue attr_from_sequence(py::handle object) {
  Ints ints;
  Dims dims;
  bool symbolic = false;
  for (py::handle item : object) {
    std::optional<Dim> dim = dim_from_object(item);
    if (!dim) raise(ErrorKind::kType, "expected integers, got ", py::repr(object).cast<std::string>());
    symbolic |= !dim->is_static();
    if (dim->is_static()) ints.push_back(dim->value());
    if (dims.size() < kMaxRank) dims.push_back(*dim);
  }
  if (!symbolic) return ints;
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
  if (PyLong_Check(object.ptr())) {
    const int64_t value = int_from_object(object);
    if (Dim(value).value() != value) raise(ErrorKind::kOverflow, "a size does not fit 62 bits: ", value);
    return Dim(value);
  }
  if (py::isinstance<Dim>(object)) return object.cast<Dim>();
  if (PyIndex_Check(object.ptr())) {
    py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
    if (!index) {
      PyErr_Clear();
      return std::nullopt;
    }
    return Dim(index.cast<int64_t>());
  }
  return std::nullopt;
}

AttrValue attr_from_object(py::handle object) {
  if (object.is_none()) return std::monostate{};
  if (PyBool_Check(object.ptr())) return object.is(py::handle(Py_True));
  if (PyLong_Check(object.ptr())) return int_from_object(object);
  if (PyFloat_Check(object.ptr())) return PyFloat_AS_DOUBLE(object.ptr());
  if (py::isinstance<py::str>(object)) return object.cast<std::string>();
  if (py::isinstance<py::tuple>(object) || py::isinstance<py::list>(object))
    return attr_from_sequence(object);
  if (std::optional<Dim> dim = dim_from_object(object)) {
    if (dim->is_static()) return dim->value();
    return *dim;
  }
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
