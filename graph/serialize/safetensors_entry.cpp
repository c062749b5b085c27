#include "graph/serialize/safetensors_entry.h"

#include <algorithm>

#include "graph/serialize/safetensors_names.h"
#include "kernels/common/error.h"

namespace miai {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 48;

template <class... Parts>
[[noreturn]] void fail(const JsonView& name, const Parts&... parts) {
  raise(ErrorKind::kValue, "tensor ", name.excerpt(), " ", parts...);
}

DType read_dtype(const JsonView& name, const JsonView& text) {
  for (int i = 0; i < kDTypeCount; ++i)
    if (text.is(kSafetensorsNames[i])) return static_cast<DType>(i);
  fail(name, "has dtype ", text.excerpt(), ", which is not supported");
}

/// Sizes whose product stays far below where arithmetic wraps, zeros or not.
Shape read_shape(const JsonView& name, const JsonView& list) {
  Shape shape;
  int64_t product = 1;
  for (const auto& item : list.items()) {
    const int64_t size = item.value.integer();
    if (shape.size() == kMaxRank) fail(name, "has more than ", kMaxRank, " dimensions");
    if (size < 0) fail(name, "has a negative size");
    if (__builtin_mul_overflow(product, std::max<int64_t>(size, 1), &product) || product > kMostElements)
      fail(name, "is too large");
    shape.push_back(size);
  }
  return shape;
}

}  // namespace

HeaderEntry read_entry(const JsonView& name, const JsonView& fields) {
  HeaderEntry entry;
  entry.dtype = read_dtype(name, fields.at("dtype"));
  entry.shape = read_shape(name, fields.at("shape"));
  int64_t offsets[2];
  int count = 0;
  for (const auto& item : fields.at("data_offsets").items()) {
    if (count == 2) fail(name, "has more than two offsets");
    offsets[count++] = item.value.integer();
  }
  if (count != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) fail(name, "has no valid offsets");
  if (fields.size() != 3) fail(name, "has an unknown field");
  entry.begin = static_cast<uint64_t>(offsets[0]);
  entry.end = static_cast<uint64_t>(offsets[1]);
  if (static_cast<uint64_t>(element_count(entry.shape)) * dtype_size(entry.dtype) != entry.end - entry.begin)
    fail(name, "has a size that does not fit its shape");
  return entry;
}

}  // namespace miai
