// Attributes of the random operators. Each reads a generator's state (seed, next ticket); its own ticket is
// the state's next one plus the attribute.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct UniformAttrs {
  double low = 0, high = 1;
  Dims shape;
  DType dtype = DType::kFloat32;
  int64_t ticket = 0;
  static auto fields() {
    return std::tuple{field("low", &UniformAttrs::low, "least value, included"),
                      field("high", &UniformAttrs::high, "end of the range, not included"),
                      field("shape", &UniformAttrs::shape, "sizes of the output"),
                      field("dtype", &UniformAttrs::dtype, "a floating dtype"),
                      field("ticket", &UniformAttrs::ticket, "added to the generator's next ticket")};
  }
};

struct NormalAttrs {
  double mean = 0, std = 1;
  Dims shape;
  DType dtype = DType::kFloat32;
  int64_t ticket = 0;
  static auto fields() {
    return std::tuple{field("mean", &NormalAttrs::mean, "mean of the distribution"),
                      field("std", &NormalAttrs::std, "standard deviation, at least 0"),
                      field("shape", &NormalAttrs::shape, "sizes of the output"),
                      field("dtype", &NormalAttrs::dtype, "a floating dtype"),
                      field("ticket", &NormalAttrs::ticket, "added to the generator's next ticket")};
  }
};

struct DropoutAttrs {
  double drop_prob = 0.5;
  int64_t ticket = 0;
  static auto fields() {
    return std::tuple{field("drop_prob", &DropoutAttrs::drop_prob, "probability of a zero, in [0, 1]"),
                      field("ticket", &DropoutAttrs::ticket, "added to the generator's next ticket")};
  }
};

struct DropoutBackwardAttrs {
  double drop_prob = 0.5;
  static auto fields() {
    return std::tuple{field("drop_prob", &DropoutBackwardAttrs::drop_prob, "as in the forward call")};
  }
};

struct PermutationAttrs {
  Dim n = 0;
  DType dtype = DType::kInt64;
  int64_t ticket = 0;
  static auto fields() {
    return std::tuple{field("n", &PermutationAttrs::n, "how many numbers"),
                      field("dtype", &PermutationAttrs::dtype, "int32 or int64"),
                      field("ticket", &PermutationAttrs::ticket, "added to the generator's next ticket")};
  }
};

struct RandomAdvanceAttrs {
  int64_t count = 1;
  static auto fields() { return std::tuple{field("count", &RandomAdvanceAttrs::count, "tickets to skip")}; }
};

}  // namespace miai
