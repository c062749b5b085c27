// The rows of a table that an integer tensor names: embedding and its gradient.
#pragma once
#include <optional>

#include "kernels/common/bounds.h"
#include "kernels/common/strided.h"

namespace miai {

/// The indices in row-major order; raises IndexError for one that is no row.
inline void read_rows(std::string_view op, const TensorView& index, int64_t rows, int64_t* to) {
  visit_int(index.dtype, [&]<class T>() {
    for_each_offset(
        index.shape,
        [&](int64_t from) {
          int64_t row = index.as<T>()[from];
          if (row < 0 || row >= rows) raise_bounds(op, "inp", row, 0, 0, rows);
          *to++ = row;
        },
        index.strides);
  });
}

/// The row that gets no gradient; -1: all do.
inline int64_t padding_row(const std::optional<int64_t>& padding, int64_t rows) {
  if (!padding) return -1;
  return *padding < 0 ? *padding + rows : *padding;
}

}  // namespace miai
