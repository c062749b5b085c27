// x[key] and x[key] = value: a basic part (slices, integers, None, Ellipsis), then integer arrays.
#include "graph/ir/dim_expr.h"
#include "graph/ops/builders.h"
#include "imperative/dispatch.h"
#include "imperative/recording.h"
#include "kernels/common/attrs/shape.h"
#include "python/bindings/convert.h"
#include "python/bindings/operators.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

/// A key taken apart. The slice covers every axis; `kept` are the axes of the sliced tensor that stay (an
/// integer drops its axis); `layout` is the shape after dropping, with 1 for each None; arrays index axes of
/// that shape.
struct Key {
  SliceAttrs slice;
  Dims layout;
  std::vector<std::pair<int, Var>> arrays;
  bool has_new_axis_or_drop = false;
};

[[noreturn]] void fail(ErrorKind kind, const std::string& text) { raise(kind, "index: ", text); }

bool is_array(py::handle item) {
  return is_tensor(item.ptr()) || py::isinstance<py::list>(item) ||
         (py::hasattr(item, "__array__") && py::hasattr(item, "ndim") && item.attr("ndim").cast<int>() > 0);
}

int axes_taken(py::handle item) {
  if (item.is_none() || item.is(py::handle(Py_Ellipsis))) return 0;
  if (is_tensor(item.ptr()) && value_of(item.ptr())->ref.meta.dtype == DType::kBool)
    return value_of(item.ptr())->ref.meta.rank();
  if (py::isinstance<py::array>(item) && item.attr("dtype").attr("kind").cast<std::string>() == "b")
    return item.attr("ndim").cast<int>();
  return 1;
}

/// Python's slice.indices, with dims that may be symbolic.
void take_slice(py::handle item, Dim size, SliceAttrs& out) {
  py::object start = item.attr("start"), stop = item.attr("stop"), step = item.attr("step");
  int64_t stride = step.is_none() ? 1 : dim_from_object(step).value_or(Dim(0)).value();
  if (stride == 0) fail(ErrorKind::kValue, "a slice's step must not be 0");
  if (size.is_static() && (start.is_none() || PyIndex_Check(start.ptr())) &&
      (stop.is_none() || PyIndex_Check(stop.ptr()))) {
    Py_ssize_t first, last, distance, count;
    if (PySlice_Unpack(item.ptr(), &first, &last, &distance) < 0) throw py::error_already_set();
    count = PySlice_AdjustIndices(size.value(), &first, &last, distance);
    out.start.push_back(count == 0 ? 0 : first);
    out.size.push_back(count);
    out.stride.push_back(distance);
    return;
  }
  if (stride < 0 && (!start.is_none() || !stop.is_none()))
    fail(ErrorKind::kNotImplemented,
         "a negative step with bounds along a dynamic dimension; use flip and a forward slice");
  auto bound = [&](py::handle object, Dim otherwise) {
    if (object.is_none()) return otherwise;
    std::optional<Dim> dim = dim_from_object(object);
    if (!dim) fail(ErrorKind::kType, "slice bounds must be integers");
    return dim->is_static() && dim->value() < 0 ? size + *dim : *dim;
  };
  Dim first = stride > 0 ? bound(start, 0) : size - 1;
  Dim last = stride > 0 ? bound(stop, size) : Dim(-1);
  Dim length = stride > 0 ? ceil_div(last - first, stride) : ceil_div(first - last, -stride);
  out.start.push_back(first);
  out.size.push_back(length);
  out.stride.push_back(stride);
}

void take_whole_axis(Key& key, Dim size) {
  key.slice.start.push_back(0);
  key.slice.size.push_back(size);
  key.slice.stride.push_back(1);
  key.layout.push_back(size);
}

Dim integer_index(py::handle item, Dim size, int axis) {
  std::optional<Dim> index = dim_from_object(item);
  if (!index || PyBool_Check(item.ptr()))
    fail(ErrorKind::kType, "expected integers, slices, None, ... or integer tensors, got " +
                               py::repr(item).cast<std::string>());
  Dim at = *index;
  if (at.is_static() && at.value() < 0) at = at + size;
  if (at.is_static() && size.is_static() && (at.value() < 0 || at.value() >= size.value()))
    raise(ErrorKind::kIndex, "index: ", *index, " is out of bounds for axis ", axis, " of size ", size);
  return at;
}

void take_integer(py::handle item, Key& key, Dim size, int axis) {
  key.slice.start.push_back(integer_index(item, size, axis));
  key.slice.size.push_back(1);
  key.slice.stride.push_back(1);
  key.has_new_axis_or_drop = true;
}

/// Beside arrays an integer is an array of rank 0, as in NumPy: it decides where their axes stand in the
/// result.
void take_integer_as_array(py::handle item, Key& key, Dim size, int axis, Device device) {
  key.arrays.emplace_back(key.layout.size(), dim_value(integer_index(item, size, axis), device));
  take_whole_axis(key, size);
}

/// A mask becomes one integer array an axis of it: its true places, found on the host.
std::vector<Var> mask_to_indices(py::handle mask) {
  py::object array =
      is_tensor(mask.ptr()) ? py::object(to_numpy(mask, false)) : py::reinterpret_borrow<py::object>(mask);
  std::vector<Var> indices;
  for (py::handle axis : py::module_::import("numpy").attr("nonzero")(array))
    indices.push_back(operand(axis, nullptr));
  return indices;
}

void take_array(py::handle item, Key& key, const Dims& shape, int axis) {
  py::object array = py::reinterpret_borrow<py::object>(item);
  if (py::isinstance<py::list>(item)) array = py::module_::import("numpy").attr("asarray")(item);
  int taken = axes_taken(array);
  std::vector<Var> indices;
  if (taken != 1 || (is_tensor(array.ptr()) ? value_of(array.ptr())->ref.meta.dtype == DType::kBool
                                            : array.attr("dtype").attr("kind").cast<std::string>() == "b")) {
    py::tuple mask_shape = array.attr("shape");
    for (int i = 0; i < taken; ++i)
      if (!dims_equal(*dim_from_object(mask_shape[i]), shape[axis + i]))
        raise(ErrorKind::kIndex, "index: a mask of shape ", py::repr(mask_shape).cast<std::string>(),
              " does not fit a tensor of shape ", shape);
    indices = mask_to_indices(array);
  } else {
    indices.push_back(operand(array, nullptr));
    if (!is_int(indices[0].dtype()))
      fail(ErrorKind::kType, "expected an integer or bool array, got a floating one");
  }
  for (size_t i = 0; i < indices.size(); ++i) {
    key.arrays.emplace_back(key.layout.size(), indices[i]);
    take_whole_axis(key, shape[axis + static_cast<int>(i)]);
  }
}

void take_rest(Key& key, const Dims& shape, int axis, int count) {
  for (int i = 0; i < count; ++i) take_whole_axis(key, shape[axis + i]);
}

bool takes_array(py::handle item) {
  return is_array(item) && !(is_tensor(item.ptr()) && axes_taken(item) == 0);
}

Key parse_key(PyObject* object, const Var& x) {
  const Dims shape = x.shape();
  py::tuple items = PyTuple_Check(object) ? py::reinterpret_borrow<py::tuple>(object)
                                          : py::make_tuple(py::reinterpret_borrow<py::object>(object));
  int taken = 0, ellipses = 0;
  bool has_arrays = false;
  for (py::handle item : items) {
    has_arrays |= takes_array(item);
    taken += axes_taken(item);
    ellipses += item.is(py::handle(Py_Ellipsis));
  }
  if (ellipses > 1) fail(ErrorKind::kIndex, "at most one ellipsis ('...') is allowed");
  if (taken > shape.size())
    raise(ErrorKind::kIndex, "index: too many indices: a tensor of rank ", shape.size(), " (shape ", shape,
          ") was given ", taken);
  Key key;
  int axis = 0;
  for (py::handle item : items) {
    if (item.is_none()) {
      key.layout.push_back(1);
      key.has_new_axis_or_drop = true;
    } else if (item.is(py::handle(Py_Ellipsis))) {
      take_rest(key, shape, axis, shape.size() - taken);
      axis += shape.size() - taken;
    } else if (PySlice_Check(item.ptr())) {
      take_slice(item, shape[axis++], key.slice);
      key.layout.push_back(key.slice.size.back());
    } else if (takes_array(item)) {
      int taken_here = axes_taken(item);
      take_array(item, key, shape, axis);
      axis += taken_here;
    } else if (has_arrays) {
      take_integer_as_array(item, key, shape[axis], axis, x.type().device);
      ++axis;
    } else {
      take_integer(item, key, shape[axis], axis);
      ++axis;
    }
  }
  take_rest(key, shape, axis, shape.size() - axis);
  return key;
}

bool takes_all(const SliceAttrs& slice, const Dims& shape) {
  for (int i = 0; i < shape.size(); ++i)
    if (!(slice.start[i] == Dim(0)) || !(slice.size[i] == shape[i]) || slice.stride[i] != 1) return false;
  return true;
}

/// What the slices, integers and None of a key leave of x, before arrays are applied.
Var basic_part(const Var& x, const Key& key) {
  Var part =
      takes_all(key.slice, x.shape()) ? x : slice(x, key.slice.start, key.slice.size, key.slice.stride);
  return key.has_new_axis_or_drop ? reshape(part, key.layout) : part;
}

/// `op` ("index", "index_set") on the inputs and the key's arrays.
Var with_arrays(const char* name, std::vector<Var> inputs, const Key& key) {
  Ints axes;
  for (const auto& [axis, array] : key.arrays) {
    axes.push_back(axis);
    inputs.push_back(array);
  }
  const OpDef& op = find_op(name);
  return call(op, parse_attrs(name, *op.attrs, {{"axes", axes}}), inputs)[0];
}

/// The value with the slice's rank: axes that integers drop or None adds are put back.
Var fit_value(const Var& value, const Key& key) {
  Dims shape = value.shape();
  if (!key.has_new_axis_or_drop || shape.empty()) return value;
  Dims target = key.layout;
  Var wide = broadcast_to(value, target);
  return reshape(wide, key.slice.size);
}

}  // namespace

PyObject* get_item(PyObject* tensor, PyObject* object) {
  EmitterScope scope(&eager_emitter());
  Var x = var_of(tensor);
  Key key = parse_key(object, x);
  Var result = basic_part(x, key);
  if (!key.arrays.empty()) result = with_arrays("index", {result}, key);
  if (result == x) result = reshape(x, x.shape());  // x[:] and x[...] are new tensors
  PyObject* item = wrap_var(result);
  cell_of(item).is_view = eager(result).ref.storage == eager(x).ref.storage;
  return item;
}

void set_item(PyObject* tensor, PyObject* object, PyObject* new_value) {
  if (cell_of(tensor).is_view && Py_REFCNT(tensor) == 1)
    raise(ErrorKind::kValue,
          "assignment into an unnamed view, as in x[0][1] = y, would be lost; write x[0, 1] = y");
  EmitterScope scope(&eager_emitter());
  Var x = var_of(tensor);
  Key key = parse_key(object, x);
  TensorType like = eager(x).concrete_type();
  Var value = cast(operand(new_value, &like), like.dtype);
  if (!key.arrays.empty()) value = with_arrays("index_set", {basic_part(x, key), value}, key);
  const bool all = !key.arrays.empty() && takes_all(key.slice, x.shape()) && !key.has_new_axis_or_drop;
  assign(tensor,
         all ? value : set_slice(x, fit_value(value, key), key.slice.start, key.slice.size, key.slice.stride),
         "assignment");
}

}  // namespace miai::python
