// The number in a constant of one element.
#pragma once
#include <optional>

#include "graph/ir/function.h"

namespace miai {

struct ScalarValue {
  double number = 0;
  int64_t integer = 0;  // exact for integer dtypes
};
/// nullopt for anything but a constant of one element.
std::optional<ScalarValue> scalar_value(const Value* value);

}  // namespace miai
