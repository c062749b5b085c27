#include "kernels/common/matmul_shape.h"

namespace miai {
namespace {

struct Matrix {
  Shape shape;
  Strides strides;
};

Matrix as_matrix(const TensorMeta& meta, bool transpose, bool is_left) {
  Matrix x{meta.shape, meta.strides};
  if (x.shape.size() == 1) {
    int at = is_left ? 0 : 1;
    x.shape.insert(at, 1);
    x.strides.insert(at, 0);
  } else if (transpose) {
    int last = x.shape.size() - 1;
    std::swap(x.shape[last], x.shape[last - 1]);
    std::swap(x.strides[last], x.strides[last - 1]);
  }
  return x;
}

MatrixStrides broadcast_strides(const Matrix& x, const Shape& batch) {
  MatrixStrides out;
  int rank = x.shape.size(), missing = batch.size() - (rank - 2);
  for (int i = 0; i < batch.size(); ++i) {
    bool broadcast = i < missing || x.shape[i - missing] == 1;
    out.batch.push_back(broadcast ? 0 : x.strides[i - missing]);
  }
  out.row = x.shape[rank - 2] == 1 ? 0 : x.strides[rank - 2];
  out.col = x.shape[rank - 1] == 1 ? 0 : x.strides[rank - 1];
  return out;
}

/// Takes the innermost batch dimensions into the rows while b is the same for all of them and a and c go on
/// evenly.
void merge_rows(MatmulShape& s) {
  while (!s.batch.empty()) {
    int64_t size = s.batch.back();
    int64_t row_a = s.m == 1 ? s.a.batch.back() : s.a.row, row_c = s.m == 1 ? s.c.batch.back() : s.c.row;
    bool even = s.a.batch.back() == row_a * s.m && s.c.batch.back() == row_c * s.m;
    if (size != 1 && (s.b.batch.back() != 0 || !even)) return;
    if (size != 1) s.a.row = row_a, s.c.row = row_c;
    s.m *= size;
    s.batch.pop_back();
    for (MatrixStrides* x : {&s.a, &s.b, &s.c}) x->batch.pop_back();
  }
}

}  // namespace

MatmulShape matmul_shape(const TensorMeta& a, const TensorMeta& b, const TensorMeta& c,
                         const MatmulAttrs& attrs) {
  Matrix left = as_matrix(a, attrs.transpose_a, true), right = as_matrix(b, attrs.transpose_b, false);
  Matrix out{c.shape, c.strides};
  if (a.rank() == 1) {
    int at = out.shape.size() - (b.rank() == 1 ? 0 : 1);
    out.shape.insert(at, 1);
    out.strides.insert(at, 0);
  }
  if (b.rank() == 1) {
    out.shape.push_back(1);
    out.strides.push_back(0);
  }
  MatmulShape s;
  s.m = left.shape[left.shape.size() - 2];
  s.k = left.shape.back();
  s.n = right.shape.back();
  for (int i = 0; i + 2 < out.shape.size(); ++i) s.batch.push_back(out.shape[i]);
  s.a = broadcast_strides(left, s.batch);
  s.b = broadcast_strides(right, s.batch);
  s.c = broadcast_strides(out, s.batch);
  merge_rows(s);
  return s;
}

MatmulShape linear_shape(const TensorMeta& inp, const TensorMeta& weight, const TensorMeta& out) {
  return matmul_shape(inp, weight, out, {.transpose_a = false, .transpose_b = true});
}

}  // namespace miai
