#include "graph/passes/scalar_value.h"

#include <type_traits>

namespace miai {

std::optional<ScalarValue> scalar_value(const Value* value) {
  if (!value || !value->constant || !is_static(value->type.shape)) return std::nullopt;
  if (element_count(static_shape(value->type.shape)) != 1) return std::nullopt;
  return visit_dtype(value->type.dtype, [&]<class T>() -> ScalarValue {
    const T element = *static_cast<const T*>(value->constant->data.get());
    if constexpr (std::is_integral_v<T>) {
      return {static_cast<double>(element), static_cast<int64_t>(element)};
    } else {
      return {static_cast<double>(static_cast<std::conditional_t<sizeof(T) == 2, float, T>>(element)), 0};
    }
  });
}

}  // namespace miai
