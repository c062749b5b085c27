// The part of a pointwise program that makes bools of one input alone, as the gradients of relu and clip do.
#pragma once
#include <optional>
#include <vector>

#include "kernels/common/pointwise/program.h"

namespace miai {

struct BoolPart {
  std::vector<pointwise::Program> bools;  // each of one input, the one in question
  pointwise::Program rest;  // that input is the first bool now; the other bools are further inputs
};

/// nullopt: the program reads the input in another way too.
std::optional<BoolPart> bool_part(const pointwise::Program& program, int input);

}  // namespace miai
