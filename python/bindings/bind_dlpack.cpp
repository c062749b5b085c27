// Exchange of memory without copies: DLPack both ways, and NumPy arrays in.
#include <dlpack/dlpack.h>

#include "python/bindings/bind.h"
#include "python/bindings/convert.h"
#include "python/bindings/tensor_object.h"
#include "runtime/copy.h"

namespace miai::python {
namespace {

constexpr char kName[] = "dltensor", kUsedName[] = "used_dltensor";

DLDataType to_dlpack_type(DType dtype) {
  const auto bits = static_cast<uint8_t>(dtype_size(dtype) * 8);
  switch (dtype) {
    case DType::kBool:
      return {6, 8, 1};  // kDLBool, which the header of version 0.6 does not name
    case DType::kUInt8:
      return {kDLUInt, bits, 1};
    case DType::kBFloat16:
      return {kDLBfloat, bits, 1};
    default:
      return {static_cast<uint8_t>(is_float(dtype) ? kDLFloat : kDLInt), bits, 1};
  }
}

DType from_dlpack_type(DLDataType type) {
  for (int i = 0; i < kDTypeCount; ++i) {
    DLDataType ours = to_dlpack_type(static_cast<DType>(i));
    if (ours.code == type.code && ours.bits == type.bits && type.lanes == 1) return static_cast<DType>(i);
  }
  raise(ErrorKind::kType, "from_dlpack: no dtype for DLPack type code ", static_cast<int>(type.code),
        " with ", static_cast<int>(type.bits), " bits");
}

/// An exported tensor: keeps the value, and marks its storage while somebody holds it.
struct Exported {
  ValuePtr value;
  DLManagedTensor managed;
  ~Exported() { value->ref.storage->remove_export(); }
};

void delete_exported(DLManagedTensor* managed) {
  delete static_cast<Exported*>(managed->manager_ctx);
}  // NOLINT

py::capsule to_dlpack(py::handle tensor) {
  const ValuePtr& value = value_of(tensor.ptr());
  if (value->ref.device().kind != DeviceKind::kCpu)
    raise(ErrorKind::kType, "__dlpack__: expected a tensor on the host, got device ", value->ref.device());
  export_memory(*value);
  auto* exported = new Exported{value, {}};  // NOLINT: the consumer deletes it
  DLTensor& t = exported->managed.dl_tensor;
  const TensorMeta& meta = value->ref.meta;
  t.data = value->ref.data();
  t.device = {kDLCPU, 0};
  t.ndim = meta.rank();
  t.dtype = to_dlpack_type(meta.dtype);
  t.shape = const_cast<int64_t*>(meta.shape.begin());
  t.strides = const_cast<int64_t*>(meta.strides.begin());
  t.byte_offset = 0;
  exported->managed.manager_ctx = exported;
  exported->managed.deleter = delete_exported;
  return py::capsule(&exported->managed, kName, [](PyObject* capsule) {
    if (!PyCapsule_IsValid(capsule, kName)) return;  // consumed
    auto* managed = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, kName));
    managed->deleter(managed);
  });
}

TensorMeta meta_of(const DLTensor& t) {
  if (t.ndim > kMaxRank) raise(ErrorKind::kValue, "from_dlpack: rank ", t.ndim, " is above ", kMaxRank);
  TensorMeta meta;
  meta.dtype = from_dlpack_type(t.dtype);
  for (int i = 0; i < t.ndim; ++i) meta.shape.push_back(t.shape[i]);
  meta.strides = dense_strides(meta.shape);
  for (int i = 0; t.strides && i < t.ndim; ++i) meta.strides[i] = t.strides[i];
  return meta;
}

/// Whether the memory can be read where it is.
bool can_share(const void* data, py::ssize_t item) { return reinterpret_cast<uintptr_t>(data) % item == 0; }

py::object make_tensor(const TensorMeta& meta, void* data, std::function<void()> release) {
  TensorRef ref{meta, Storage::import({}, data, byte_size(meta), std::move(release)), 0};
  return py::reinterpret_steal<py::object>(wrap_value(make_intrusive<EagerValue>(std::move(ref))));
}

py::object from_capsule(py::capsule capsule) {
  if (std::string_view(capsule.name()) != kName)
    raise(ErrorKind::kValue, "from_dlpack: the capsule was consumed before, or is none of DLPack's");
  auto* managed = capsule.get_pointer<DLManagedTensor>();
  if (managed->dl_tensor.device.device_type != kDLCPU)
    raise(ErrorKind::kNotImplemented, "from_dlpack: only tensors of the CPU can be taken in this build");
  TensorMeta meta = meta_of(managed->dl_tensor);
  PyCapsule_SetName(capsule.ptr(), kUsedName);
  void* data = static_cast<char*>(managed->dl_tensor.data) + managed->dl_tensor.byte_offset;
  return make_tensor(meta, data, [managed] {
    if (managed->deleter) managed->deleter(managed);
  });
}

/// The array's memory, read in place; negative strides and foreign byte orders are copied.
py::object from_numpy(py::array array) {
  TensorMeta meta;
  meta.dtype = dtype_from_object(array.dtype());
  const auto size = static_cast<py::ssize_t>(dtype_size(meta.dtype));
  bool whole = true;
  for (py::ssize_t i = 0; i < array.ndim(); ++i) {
    meta.shape.push_back(array.shape(i));
    meta.strides.push_back(array.strides(i) / size);
    whole &= array.strides(i) % size == 0;
  }
  if (!whole || !can_share(array.data(), size))
    return py::reinterpret_steal<py::object>(wrap_value(value_from_object(array, std::nullopt, Device{})));
  auto* held = new py::object(array);  // NOLINT: released by the storage
  return make_tensor(meta, const_cast<void*>(array.data()), [held] {
    py::gil_scoped_acquire gil;
    delete held;  // NOLINT
  });
}

}  // namespace

void bind_dlpack(py::module_& m) {
  m.def("to_dlpack", to_dlpack);
  m.def("from_dlpack_capsule", from_capsule);
  m.def("from_numpy", from_numpy);
}

}  // namespace miai::python
