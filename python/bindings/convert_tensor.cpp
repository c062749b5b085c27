// Data between Python objects and tensors.
#include <cmath>

#include "graph/ops/builders.h"
#include "imperative/dispatch.h"
#include "imperative/recording.h"
#include "python/bindings/convert.h"
#include "python/bindings/tensor_object.h"
#include "runtime/copy.h"

namespace miai::python {
namespace {

/// A scalar as bytes of a dtype.
struct ScalarBytes {
  alignas(8) char bytes[8] = {};
};

[[noreturn]] void raise_overflow(PyObject* scalar, DType dtype) {
  raise(ErrorKind::kOverflow, "Python integer ", py::repr(scalar).cast<std::string>(), " does not fit in ",
        dtype);
}

template <class T>
T to_integer(PyObject* scalar, DType dtype) {
  int overflow = 0;
  long long value = PyLong_AsLongLongAndOverflow(scalar, &overflow);
  if (overflow || value < static_cast<long long>(std::numeric_limits<T>::min()) ||
      value > static_cast<long long>(std::numeric_limits<T>::max()))
    raise_overflow(scalar, dtype);
  return static_cast<T>(value);
}

ScalarBytes scalar_bytes(PyObject* scalar, DType dtype) {
  ScalarBytes result;
  visit_dtype(dtype, [&]<class T>() {
    T value;
    if constexpr (std::is_same_v<T, bool>) {
      value = PyObject_IsTrue(scalar) == 1;
    } else if constexpr (std::is_integral_v<T>) {
      value = to_integer<T>(scalar, dtype);
    } else {
      double number = PyFloat_AsDouble(scalar);
      if (PyErr_Occurred()) throw py::error_already_set();
      value =
          static_cast<T>(static_cast<std::conditional_t<std::is_same_v<T, double>, double, float>>(number));
    }
    std::memcpy(result.bytes, &value, sizeof(value));
  });
  return result;
}

DType weak_dtype(PyObject* scalar, DType other) {
  if (PyBool_Check(scalar)) return other;
  if (PyLong_Check(scalar)) return other == DType::kBool ? DType::kInt64 : other;
  return is_float(other) ? other : DType::kFloat32;
}

/// Scalars of the last calls: `x + 1` in a loop makes no new tensor.
struct CachedScalar {
  DType dtype = DType::kBool;
  ScalarBytes bytes;
  ValuePtr value;
};

ValuePtr cached_scalar(DType dtype, const ScalarBytes& bytes, Device device) {
  if (!(device == Device{})) return value_from_host(dtype, {}, device, bytes.bytes);
  constexpr size_t kSlots = 64;
  thread_local CachedScalar cache[kSlots];
  uint64_t word;
  std::memcpy(&word, bytes.bytes, 8);
  CachedScalar& slot = cache[((word * 0x9e3779b97f4a7c15ull) >> 50) % kSlots];
  if (!slot.value || slot.dtype != dtype || std::memcmp(slot.bytes.bytes, bytes.bytes, 8) != 0)
    slot = {dtype, bytes, value_from_host(dtype, {}, device, bytes.bytes)};
  return slot.value;
}

Var known_to_recording(ValuePtr value) {
  Recording* recording = Recording::current();
  if (recording && !recording->find(value->id)) recording->record_constant(*value);
  return to_var(value);
}

/// Python numbers as integers of that dtype, where it holds them.
py::object integers(py::handle data, DType dtype) {
  try {
    return py::module_::import("numpy").attr("array")(data, dtype_to_object(dtype));
  } catch (py::error_already_set& error) {
    if (!error.matches(PyExc_OverflowError)) throw;
    raise(ErrorKind::kOverflow, "tensor: argument 'data': ", py::str(error.value()).cast<std::string>());
  }
}

py::array dense_array(py::handle data, std::optional<DType> dtype) {
  py::module_ numpy = py::module_::import("numpy");
  bool from_array = py::hasattr(data, "__array__") || py::hasattr(data, "__array_interface__");
  py::object array;
  try {
    array = numpy.attr("asarray")(data);
  } catch (py::error_already_set& error) {
    if (!error.matches(PyExc_ValueError) && !error.matches(PyExc_TypeError)) throw;
    raise(ErrorKind::kValue,
          "tensor: argument 'data': expected numbers in a regular nested list or an array; ", error.what());
  }
  std::string name = array.attr("dtype").attr("name").cast<std::string>();
  DType target;
  if (dtype) {
    target = *dtype == DType::kBFloat16 ? DType::kFloat32 : *dtype;
  } else if (name == "float64" && !from_array) {
    target = DType::kFloat32;  // Python floats are float32
  } else if (std::optional<DType> same = dtype_from_name(name)) {
    target = *same;
  } else if (name.starts_with("uint")) {
    target = DType::kInt64;
  } else {
    raise(ErrorKind::kType, "tensor: argument 'data': expected numbers or bools, got NumPy dtype '", name,
          "'");
  }
  if (array.attr("dtype").attr("kind").cast<std::string>().find_first_of("biuf") == std::string::npos)
    raise(ErrorKind::kType, "tensor: argument 'data': expected numbers or bools, got NumPy dtype '", name,
          "'");
  if (name == "uint64" && array.attr("size").cast<size_t>() > 0 &&
      array.attr("max")().attr("__gt__")(INT64_MAX).cast<bool>())
    raise(ErrorKind::kOverflow,
          "tensor: argument 'data': expected integers that int64 holds, got uint64 up to ",
          py::str(array.attr("max")()).cast<std::string>());
  if (!from_array && is_int(target)) array = integers(data, target);
  return numpy.attr("ascontiguousarray")(array, dtype_to_object(target))
      .attr("reshape")(array.attr("shape"))
      .cast<py::array>();
}

}  // namespace

bool is_scalar(PyObject* object) { return PyFloat_Check(object) || PyLong_Check(object); }

Var scalar_var(PyObject* scalar, const TensorType& other) {
  DType dtype = weak_dtype(scalar, other.dtype);
  return known_to_recording(cached_scalar(dtype, scalar_bytes(scalar, dtype), other.device));
}

ValuePtr value_from_object(py::handle data, std::optional<DType> dtype, Device device) {
  py::array array = dense_array(data, dtype);
  Shape shape;
  for (py::ssize_t i = 0; i < array.ndim(); ++i) shape.push_back(array.shape(i));
  DType stored = dtype_from_object(array.dtype());
  ValuePtr value = value_from_host(stored, shape, device, array.data());
  if (dtype && *dtype != stored) {
    const OpDef& cast = find_op("cast");
    Var from = to_var(value);
    value = to_value(dispatch_unrecorded(cast, parse_attrs("cast", *cast.attrs, {{"dtype", *dtype}}),
                                         std::span(&from, 1))[0]);
  }
  known_to_recording(value);
  return value;
}

Var operand(py::handle object, const TensorType* like) {
  if (is_tensor(object.ptr())) return var_of(object.ptr());
  if (like && is_scalar(object.ptr())) return scalar_var(object.ptr(), *like);
  if (py::isinstance<Dim>(object)) {
    EmitterScope scope(&eager_emitter());
    return dim_value(object.cast<Dim>(), like ? like->device : default_device());
  }
  return to_var(value_from_object(object, std::nullopt, like ? like->device : default_device()));
}

py::array to_numpy(py::handle tensor, bool copy) {
  const ValuePtr& value = value_of(tensor.ptr());
  if (Recording::current())
    raise(
        ErrorKind::kRuntime, "trace: line ", current_user_line(),
        " reads a tensor's value inside a traced function; compute with tensors (where), return the "
        "tensor, read it outside of the trace, look at it with miai.debug.print or tap, or put the code that "
        "needs it in a function with @miai.jit.exclude_from_trace");
  if (value->ref.meta.dtype == DType::kBFloat16) {
    const OpDef& cast = find_op("cast");
    Var from = to_var(value);
    Var wide = dispatch_unrecorded(cast, parse_attrs("cast", *cast.attrs, {{"dtype", DType::kFloat32}}),
                                   std::span(&from, 1))[0];
    return to_numpy(wrap(wide), copy);
  }
  const TensorMeta& meta = value->ref.meta;
  std::vector<py::ssize_t> shape(meta.shape.begin(), meta.shape.end());
  py::dtype dtype = dtype_to_object(meta.dtype).cast<py::dtype>();
  bool host = value->ref.device().kind == DeviceKind::kCpu;
  if (copy || !host) {
    py::array array(dtype, shape);
    miai::copy_to_host(*value, array.mutable_data());
    return array;
  }
  std::vector<py::ssize_t> strides;
  for (int64_t stride : meta.strides)
    strides.push_back(stride * static_cast<py::ssize_t>(dtype_size(meta.dtype)));
  export_memory(*value);
  auto* holder = new ValuePtr(value);  // NOLINT: owned by the capsule
  py::capsule owner(holder, [](void* p) {
    auto* held = static_cast<ValuePtr*>(p);
    (*held)->ref.storage->remove_export();
    delete held;  // NOLINT
  });
  py::array array(dtype, shape, strides, value->ref.data(), owner);
  py::detail::array_proxy(array.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return array;
}

}  // namespace miai::python
