// Attributes of sort and topk.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct SortAttrs {
  bool descending = false;
  int64_t dim = -1;
  static auto fields() {
    return std::tuple{field("descending", &SortAttrs::descending, "largest first"),
                      field("dim", &SortAttrs::dim, "the axis; negative ones count from the end")};
  }
};

struct TopKAttrs {
  Dim k = 1;
  bool descending = true;
  static auto fields() {
    return std::tuple{field("k", &TopKAttrs::k, "how many"),
                      field("descending", &TopKAttrs::descending, "the largest; the smallest if False")};
  }
};

}  // namespace miai
