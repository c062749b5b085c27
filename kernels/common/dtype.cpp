#include "kernels/common/dtype.h"

#include <algorithm>
#include <array>

namespace miai {
namespace {

#include "kernels/common/half_bits.h"

struct Info {
  std::string_view name;
  size_t size;
};
constexpr std::array<Info, kDTypeCount> kInfo{{{"bool", 1},
                                               {"uint8", 1},
                                               {"int8", 1},
                                               {"int16", 2},
                                               {"int32", 4},
                                               {"int64", 8},
                                               {"float16", 2},
                                               {"bfloat16", 2},
                                               {"float32", 4},
                                               {"float64", 8}}};

}  // namespace

size_t dtype_size(DType dtype) { return kInfo[static_cast<size_t>(dtype)].size; }
std::string_view dtype_name(DType dtype) { return kInfo[static_cast<size_t>(dtype)].name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (int i = 0; i < kDTypeCount; ++i)
    if (kInfo[i].name == name) return static_cast<DType>(i);
  return std::nullopt;
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);
  if (is_float(a) && is_float(b)) return a == DType::kFloat16 && b == DType::kBFloat16 ? DType::kFloat32 : b;
  if (is_float(b)) return b;
  // uint8 with a signed type needs one that holds both
  if (a == DType::kUInt8 && b == DType::kInt8) return DType::kInt16;
  return b;
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << dtype_name(dtype); }

Float16::Float16(float value) : bits(half_bits(value)) {}
Float16::operator float() const { return float_of_half(bits); }

}  // namespace miai
