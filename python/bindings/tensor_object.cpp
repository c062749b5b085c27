#include "python/bindings/tensor_object.h"

#include <structmember.h>

#include "graph/ops/tables.h"
#include "imperative/recording.h"
#include "python/bindings/convert.h"
#include "python/bindings/errors.h"
#include "python/bindings/operators.h"
#include "python/bindings/tensor_slots.h"

namespace miai::python {

PyTypeObject* tensor_type = nullptr;

const ValuePtr& value_of(PyObject* tensor) {
  Cell& cell = cell_of(tensor);
  if (cell.is_empty())
    raise(ErrorKind::kValue, "the tensor ", cell.name.empty() ? "" : "'" + cell.name + "' ",
          "is empty: a gradient that has been cleared; keep a copy (w.grad.copy()) to read it later");
  if (Recording* recording = Recording::current()) recording->touch(cell);
  return cell.value();
}

Var var_of(PyObject* tensor) { return to_var(value_of(tensor)); }

namespace {

PyObject* allocate(PyTypeObject* type, CellPtr cell) {
  PyObject* object = type->tp_alloc(type, 0);
  if (!object) throw py::error_already_set();
  auto* tensor = reinterpret_cast<PyTensor*>(object);
  cell->retain();
  tensor->cell = cell.get();
  return object;
}

PyObject* tensor_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  return guarded<PyObject*>(nullptr, [&]() -> PyObject* {
    static const char* names[] = {"data", "dtype", "device", "name", nullptr};
    PyObject *data = nullptr, *dtype = Py_None, *device = Py_None, *name = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOO:Tensor", const_cast<char**>(names), &data, &dtype,
                                     &device, &name))
      return nullptr;
    std::optional<DType> wanted;
    if (dtype != Py_None) wanted = dtype_from_object(dtype);
    ValuePtr value;
    if (is_tensor(data)) {
      py::object source = py::reinterpret_borrow<py::object>(data);
      if (wanted) source = source.attr("astype")(py::handle(dtype));
      if (device != Py_None) source = source.attr("to")(py::handle(device));
      value = value_of(source.ptr());
    } else {
      value = value_from_object(data, wanted, device_from_object(device));
    }
    auto cell = make_intrusive<Cell>(std::move(value));
    if (name != Py_None) cell->name = py::cast<std::string>(py::handle(name));
    if (Recording* recording = Recording::current()) recording->adopt(*cell);
    return allocate(type, std::move(cell));
  });
}

void tensor_dealloc(PyObject* self) {
  auto* tensor = reinterpret_cast<PyTensor*>(self);
  PyTypeObject* type = Py_TYPE(self);
  if (tensor->weak_references) PyObject_ClearWeakRefs(self);
  if (tensor->cell) tensor->cell->release();
  type->tp_free(self);
  Py_DECREF(type);
}

template <class Body>
PyObject* get(Body&& body) {
  return guarded<PyObject*>(nullptr, [&] { return body().release().ptr(); });
}

TensorType type_of(PyObject* self) { return to_var(value_of(self)).type(); }

PyObject* get_shape(PyObject* self, void*) {
  return get([&] { return shape_to_tuple(type_of(self).shape); });
}
PyObject* get_dtype(PyObject* self, void*) {
  return get([&] { return dtype_to_object(value_of(self)->ref.meta.dtype); });
}
PyObject* get_device(PyObject* self, void*) {
  return get([&] { return py::str(device_name(value_of(self)->ref.device())); });
}
PyObject* get_ndim(PyObject* self, void*) {
  return get([&] { return py::int_(value_of(self)->ref.meta.rank()); });
}
PyObject* get_size(PyObject* self, void*) {
  return get([&] { return dim_to_object(element_count(type_of(self).shape)); });
}
PyObject* get_version(PyObject* self, void*) {
  return get([&] { return py::int_(cell_of(self).version()); });
}
PyObject* get_is_empty(PyObject* self, void*) { return PyBool_FromLong(cell_of(self).is_empty()); }
PyObject* get_is_contiguous(PyObject* self, void*) {
  return get([&] { return py::bool_(value_of(self)->ref.meta.is_dense()); });
}
PyObject* get_name(PyObject* self, void*) {
  return get([&] { return py::str(cell_of(self).name); });
}
int set_name(PyObject* self, PyObject* value, void*) {
  return guarded<int>(-1, [&] {
    cell_of(self).name = value ? py::cast<std::string>(py::handle(value)) : std::string();
    return 0;
  });
}

CellPtr grad_cell(Cell& cell) {
  if (!cell.grad) {
    cell.grad = make_intrusive<Cell>();
    cell.grad->name = cell.name + ".grad";
  }
  return cell.grad;
}
PyObject* get_grad(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&]() -> PyObject* {
    CellPtr cell = grad_cell(cell_of(self));
    if (Recording* recording = Recording::current()) recording->touch(*cell);
    if (cell->is_empty()) Py_RETURN_NONE;
    return wrap_cell(cell);
  });
}
int set_grad(PyObject* self, PyObject* value, void*) {
  return guarded<int>(-1, [&] {
    CellPtr cell = grad_cell(cell_of(self));
    if (Recording* recording = Recording::current()) recording->touch(*cell);
    if (!value || value == Py_None) {
      if (!cell->is_empty()) cell->write(nullptr);
      return 0;
    }
    if (!is_tensor(value))
      raise(ErrorKind::kType, "grad: expected a Tensor or None, got ", Py_TYPE(value)->tp_name);
    cell->write(value_of(value));
    return 0;
  });
}

PyGetSetDef tensor_attributes[] = {
    {"shape", get_shape, nullptr, "Sizes of the dimensions, a tuple of ints.", nullptr},
    {"dtype", get_dtype, nullptr, "Element type, a numpy.dtype (or miai.bfloat16).", nullptr},
    {"device", get_device, nullptr, "Name of the device, such as 'cpu'.", nullptr},
    {"ndim", get_ndim, nullptr, "Number of dimensions.", nullptr},
    {"size", get_size, nullptr, "Number of elements.", nullptr},
    {"version", get_version, nullptr, "Number of writes to this tensor.", nullptr},
    {"_is_empty", get_is_empty, nullptr, "Whether the cell holds no value.", nullptr},
    {"is_contiguous", get_is_contiguous, nullptr, "Whether the elements lie row-major without gaps.",
     nullptr},
    {"name", get_name, set_name, "Name, for messages and model files.", nullptr},
    {"grad", get_grad, set_grad, "Gradient set by GradManager.backward, or None.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMemberDef tensor_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(PyTensor, weak_references), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

const char kTensorDoc[] =
    "Tensor(data, dtype=None, device=None, name=None)\n--\n\n"
    "A cell that holds an immutable n-dimensional value of one dtype on one device.\n\n"
    "`data` is a number, a nested list, a NumPy array, or a Tensor. Python floats become float32, integers "
    "int64.\n\n"
    ">>> import miai as mi\n>>> mi.Tensor([[1.0, 2.0], [3.0, 4.0]]).shape\n(2, 2)\n";

PyType_Spec make_spec(std::vector<PyType_Slot>& slots) {
  slots = {{Py_tp_new, reinterpret_cast<void*>(tensor_new)},
           {Py_tp_dealloc, reinterpret_cast<void*>(tensor_dealloc)},
           {Py_tp_getset, tensor_attributes},
           {Py_tp_members, tensor_members},
           {Py_tp_doc, const_cast<char*>(kTensorDoc)}};
  add_number_slots(slots);
  slots.push_back({0, nullptr});
  PyType_Spec spec;
  spec.name = "miai.Tensor";
  spec.basicsize = sizeof(PyTensor);
  spec.itemsize = 0;
  spec.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
  spec.slots = slots.data();
  return spec;
}

}  // namespace

PyObject* wrap_cell(CellPtr cell) { return allocate(tensor_type, std::move(cell)); }

PyObject* wrap_value(ValuePtr value) {
  auto cell = make_intrusive<Cell>(std::move(value));
  if (Recording* recording = Recording::current()) recording->adopt(*cell);
  return allocate(tensor_type, std::move(cell));
}

PyObject* wrap_var(const Var& var) { return wrap_value(to_value(var)); }
py::object wrap(const Var& var) { return py::reinterpret_steal<py::object>(wrap_var(var)); }

void init_tensor_type(py::module_& module) {
  std::vector<PyType_Slot> slots;
  PyType_Spec spec = make_spec(slots);
  tensor_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!tensor_type) throw py::error_already_set();
  module.attr("Tensor") = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(tensor_type));
}

}  // namespace miai::python
