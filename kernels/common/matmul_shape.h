// A matrix product with transposes, vectors and broadcasting resolved to sizes and strides.
#pragma once
#include "kernels/common/attrs/matmul.h"
#include "kernels/common/tensor_view.h"

namespace miai {

/// How one matrix of a stack lies in memory; strides in elements, 0 where broadcast.
struct MatrixStrides {
  Strides batch;
  int64_t row = 0, col = 0;
};

/// c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n].
struct MatmulShape {
  Shape batch;
  int64_t m = 1, n = 1, k = 1;
  MatrixStrides a, b, c;
};

MatmulShape matmul_shape(const TensorMeta& a, const TensorMeta& b, const TensorMeta& c,
                         const MatmulAttrs& attrs);

/// inp (..., in) times the transpose of weight (out, in): the rows of all leading dimensions.
MatmulShape linear_shape(const TensorMeta& inp, const TensorMeta& weight, const TensorMeta& out);

/// The transposes of all three: c' = b' * a'.
inline MatmulShape transposed(const MatmulShape& s) {
  auto turn = [](const MatrixStrides& x) { return MatrixStrides{x.batch, x.col, x.row}; };
  return {s.batch, s.n, s.m, s.k, turn(s.b), turn(s.a), turn(s.c)};
}

/// Offset of each matrix of the stack: visit(a, b, c), in row-major order.
template <class F>
void for_each_matrix(const MatmulShape& shape, F&& visit) {
  Shape index(shape.batch.size(), 0);
  int64_t a = 0, b = 0, c = 0;
  for (int64_t i = 0, count = element_count(shape.batch); i < count; ++i) {
    visit(a, b, c);
    for (int d = shape.batch.size() - 1; d >= 0; --d) {
      a += shape.a.batch[d], b += shape.b.batch[d], c += shape.c.batch[d];
      if (++index[d] < shape.batch[d]) break;
      index[d] = 0;
      a -= shape.a.batch[d] * shape.batch[d], b -= shape.b.batch[d] * shape.batch[d];
      c -= shape.c.batch[d] * shape.batch[d];
    }
  }
}

}  // namespace miai
