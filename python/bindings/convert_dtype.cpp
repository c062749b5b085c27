// dtypes and devices between Python and the core.
#include <array>

#include "python/bindings/convert.h"

namespace miai::python {
namespace {

py::object& bfloat16_object() {
  static py::object* object = new py::object();  // NOLINT: outlives the interpreter's teardown
  return *object;
}

py::object& numpy_dtype_class() {
  static py::object* dtype = new py::object(py::module_::import("numpy").attr("dtype"));  // NOLINT
  return *dtype;
}

Device g_default_device;

}  // namespace

void set_bfloat16_object(py::object object) { bfloat16_object() = std::move(object); }

DType dtype_from_object(py::handle object) {
  if (object.is(bfloat16_object())) return DType::kBFloat16;
  if (object.ptr() == reinterpret_cast<PyObject*>(&PyFloat_Type)) return DType::kFloat32;
  if (py::isinstance<py::str>(object) && object.cast<std::string>() == "bfloat16") return DType::kBFloat16;
  if (!object.is_none()) {
    try {
      py::object numpy = numpy_dtype_class()(object);
      if (std::optional<DType> dtype = dtype_from_name(numpy.attr("name").cast<std::string>())) return *dtype;
    } catch (py::error_already_set& error) {
      if (!error.matches(PyExc_Exception)) throw;  // Ctrl-C
    }
  }
  raise(ErrorKind::kType,
        "dtype: expected float32, float64, float16, bfloat16, int8, int16, int32, int64, uint8 or bool, got ",
        py::repr(object).cast<std::string>());
}

py::object dtype_to_object(DType dtype) {
  if (dtype == DType::kBFloat16) return bfloat16_object();
  static std::array<PyObject*, kDTypeCount> cache{};
  PyObject*& cached = cache[static_cast<size_t>(dtype)];
  if (!cached) cached = numpy_dtype_class()(std::string(dtype_name(dtype))).release().ptr();
  return py::reinterpret_borrow<py::object>(cached);
}

Device default_device() { return g_default_device; }
void set_default_device(Device device) { g_default_device = device; }

Device device_from_object(py::handle object) {
  if (object.is_none()) return g_default_device;
  if (!py::isinstance<py::str>(object))
    raise(ErrorKind::kType, "device: expected a name such as 'cpu' or 'cpu:1', got ",
          py::repr(object).cast<std::string>());
  return parse_device(object.cast<std::string>());
}

}  // namespace miai::python
