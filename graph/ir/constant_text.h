// Small constants as text: "[1.0, 2.5]".
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "graph/ir/function.h"

namespace miai {

/// Constants of at most this many elements are printed in full and can be read back.
inline constexpr int64_t kMaxPrintedElements = 16;

/// "[1.0, 2.0]", or "<4096 bytes>" where that is too long. Elements are in row-major order, whatever the
/// rank.
std::string constant_text(const TensorType& type, const ConstantData& constant);
/// The elements given as text, one string each; raises ValueError if one is not a number of the dtype or the
/// count is wrong.
ConstantData parse_constant(const TensorType& type, const std::vector<std::string>& elements);

}  // namespace miai
