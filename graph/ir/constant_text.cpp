#include "graph/ir/constant_text.h"

#include <charconv>
#include <type_traits>

#include "kernels/common/error.h"

namespace miai {
namespace {

template <class T>
inline constexpr bool kIsHalf = std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;

template <class T>
std::string element_text(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "True" : "False";
  } else if constexpr (kIsHalf<T>) {
    return element_text(static_cast<float>(value));
  } else {
    char digits[32];
    std::string text(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    if (std::is_floating_point_v<T> && text.find_first_of(".einf") == std::string::npos) text += ".0";
    return text;
  }
}

template <class T>
T parse_element(std::string_view text) {
  if constexpr (std::is_same_v<T, bool>) {
    if (text == "True" || text == "False") return text == "True";
  } else if constexpr (kIsHalf<T>) {
    return T(parse_element<float>(text));
  } else {
    T value{};
    auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure == std::errc() && end == text.data() + text.size()) return value;
  }
  raise(ErrorKind::kValue, "expected an element of a constant, got '", text, "'");
}

}  // namespace

std::string constant_text(const TensorType& type, const ConstantData& constant) {
  int64_t count = element_count(static_shape(type.shape));
  if (count > kMaxPrintedElements) return "<" + std::to_string(constant.bytes) + " bytes>";
  std::string text = "[";
  visit_dtype(type.dtype, [&]<class T>() {
    const T* elements = static_cast<const T*>(constant.data.get());
    for (int64_t i = 0; i < count; ++i) text += (i ? ", " : "") + element_text(elements[i]);
  });
  return text + "]";
}

ConstantData parse_constant(const TensorType& type, const std::vector<std::string>& elements) {
  int64_t count = element_count(static_shape(type.shape));
  if (count != static_cast<int64_t>(elements.size()))
    raise(ErrorKind::kValue, "expected ", count, " elements of a constant, got ", elements.size());
  return visit_dtype(type.dtype, [&]<class T>() {
    auto values = std::make_unique<T[]>(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) values[i] = parse_element<T>(elements[i]);
    return copy_constant(values.get(), elements.size() * sizeof(T));
  });
}

}  // namespace miai
