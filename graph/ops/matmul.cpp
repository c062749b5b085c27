// matmul: products of vectors, matrices and stacks of matrices.
#include "kernels/common/attrs/matmul.h"

#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/tables.h"
#include "kernels/common/matmul_shape.h"

namespace miai::ops {
namespace {

Dims broadcast_batch(const InferContext& context, const Dims& a, const Dims& b) {
  int rank = std::max(a.size(), b.size()) - 2;
  Dims batch;
  for (int i = 0; i < rank; ++i) {
    int ia = i - (rank - (a.size() - 2)), ib = i - (rank - (b.size() - 2));
    Dim da = ia < 0 ? Dim(1) : a[ia], db = ib < 0 ? Dim(1) : b[ib];
    if (db == Dim(1) || da == db) {
      batch.push_back(da);
    } else if (da == Dim(1) || dims_equal(da, db)) {
      batch.push_back(db);
    } else {
      context.fail(ErrorKind::kValue, "inp2",
                   "expected leading sizes that broadcast with those of 'inp1' (shape ", a, "), got shape ",
                   b);
    }
  }
  return batch;
}

void infer_matmul(InferContext& context) {
  const auto& attrs = context.attrs<MatmulAttrs>();
  context.check_min_rank(0, 1);
  context.check_min_rank(1, 1);
  Dims a = context.input(0).shape, b = context.input(1).shape;
  bool vector_a = a.size() == 1, vector_b = b.size() == 1;
  if (vector_a)
    a.insert(0, 1);
  else if (attrs.transpose_a)
    std::swap(a[a.size() - 1], a[a.size() - 2]);
  if (vector_b)
    b.push_back(1);
  else if (attrs.transpose_b)
    std::swap(b[b.size() - 1], b[b.size() - 2]);
  Dim k = a.back();
  if (!dims_equal(k, b[b.size() - 2]))
    context.fail(ErrorKind::kValue, "inp2", "expected size ", k,
                 " in the dimension that is summed over (that of "
                 "'inp1', shape ",
                 context.input(0).shape, "), got ", b[b.size() - 2], " (shape ", context.input(1).shape, ")");
  Dims out = broadcast_batch(context, a, b);
  if (!vector_a) out.push_back(a[a.size() - 2]);
  if (!vector_b) out.push_back(b.back());
  context.output(promote(context.input(0).dtype, context.input(1).dtype), out, context.input(0).device);
}

Cost matmul_cost(std::span<const TensorMeta> inputs, std::span<const TensorMeta> outputs,
                 const Attrs& attrs) {
  MatmulShape shape = matmul_shape(inputs[0], inputs[1], outputs[0], attrs.as<MatmulAttrs>());
  double products = 1.0 * element_count(shape.batch) * shape.m * shape.n * shape.k;
  return {2 * products, 1.0 * (byte_size(inputs[0]) + byte_size(inputs[1]) + byte_size(outputs[0]))};
}

/// [..., m, k] as [... * m, k].
Var flatten_rows(const Var& x) {
  Dims shape = x.shape();
  Dim rows = 1;
  for (int i = 0; i + 1 < shape.size(); ++i) rows = rows * shape[i];
  return reshape(x, {rows, shape.back()});
}

Var grad_a(const Var& dy, const Var& b, const MatmulAttrs& attrs) {
  return attrs.transpose_a ? matmul(b, dy, attrs.transpose_b, true)
                           : matmul(dy, b, false, !attrs.transpose_b);
}

Var grad_b(const Var& dy, const Var& a, int rank_b, const MatmulAttrs& attrs) {
  bool shared = rank_b == 2 && a.shape().size() > 2 && !attrs.transpose_a;
  Var rows = shared ? flatten_rows(a) : a, drows = shared ? flatten_rows(dy) : dy;
  return attrs.transpose_b ? matmul(drows, rows, true, attrs.transpose_a)
                           : matmul(rows, drows, !attrs.transpose_a, false);
}

Vars matmul_grad(GradContext& context) {
  MatmulAttrs attrs = context.attrs_as<MatmulAttrs>();
  Var a = context.input(0), b = context.input(1), dy = context.grad();
  bool vector_a = a.shape().size() == 1, vector_b = b.shape().size() == 1;
  if (vector_b) {
    b = expand_dims(b, 1);
    dy = expand_dims(dy, dy.shape().size());
    attrs.transpose_b = false;
  }
  if (vector_a) {
    a = expand_dims(a, 0);
    dy = expand_dims(dy, dy.shape().size() - 1);
    attrs.transpose_a = false;
  }
  auto finish = [&](int i, const Var& grad, const Var& matrix) {
    const TensorType& type = context.input_type(i);
    return cast(reshape(sum_to(grad, matrix.shape()), type.shape), type.dtype);
  };
  Vars grads(2);
  if (context.needs(0)) grads[0] = finish(0, grad_a(dy, b, attrs), a);
  if (context.needs(1)) grads[1] = finish(1, grad_b(dy, a, b.shape().size(), attrs), b);
  return grads;
}

constexpr const char* kDoc = R"(Matrix product, as NumPy's ``@``.

Two matrices give their product; leading dimensions are stacks of matrices and broadcast; a vector on the left
is a row, one on the right a column, and that dimension is dropped from the result.

Args:
    inp1: shape (..., m, k) or (k,), any dtype.
    inp2: shape (..., k, n) or (k,), any dtype; the result has the promoted dtype.
    transpose_a: use the transpose of the last two dimensions of ``inp1`` (no effect on a vector).
    transpose_b: the same for ``inp2``.

Returns:
    shape (..., m, n). Integers wrap around on overflow; 16-bit floats are summed in float32.

Raises:
    ValueError: the dimensions that are summed over differ, the leading ones do not broadcast, or a 0-d tensor.

Example:
    >>> import miai as mi
    >>> import miai.functional as F
    >>> F.matmul(mi.tensor([[1., 2.], [3., 4.]]), mi.tensor([1., 1.])).numpy().tolist()
    [3.0, 7.0]
)";

}  // namespace

void define_matmul(OpTable& table) {
  OpDef op;
  op.name = "matmul";
  op.doc = kDoc;
  op.inputs = {{"inp1"}, {"inp2"}};
  op.attrs = &attrs_type<MatmulAttrs>();
  op.infer = infer_matmul;
  op.cost = matmul_cost;
  table.add(std::move(op));
}

void define_matmul_grad(GradTable& grads) { grads.add("matmul", {matmul_grad, {0, 1}, {}}); }

void define_matmul_samples(SampleTable& samples) {
  AttrList ta = {{"transpose_a", true}}, tb = {{"transpose_b", true}},
           both = {{"transpose_a", true}, {"transpose_b", true}};
  samples.of("matmul")
      .valid({f32({3, 4}), f32({4, 5})})
      .valid({f32({4, 3}), f32({4, 5})}, ta)
      .valid({f32({3, 4}), f32({5, 4})}, tb)
      .valid({f32({4, 3}), f32({5, 4})}, both)
      .valid({f32({7}), f32({7})})
      .valid({f32({7}), f32({7, 2})})
      .valid({f32({2, 7}), f32({7})})
      .valid({f32({3, 7, 2}), f32({7})}, ta)
      .valid({f32({2, 3, 4}), f32({2, 4, 5})})
      .valid({f32({2, 3, 4}), f32({4, 5})})
      .valid({f32({2, 3, 4}), f32({5, 4})}, tb)
      .valid({f32({3, 1, 4, 2}), f32({2, 4, 3})}, ta)
      .valid({f32({5, 4}).transposed(), f32({4, 6}).transposed()})
      .valid({f32({5, 4}).sliced(), f32({4, 6}).sliced()})
      .valid({f32({5, 4}).broadcast(), f32({4, 6})})
      .valid({f32({33, 65}), f32({65, 17})})
      .valid({f32({0, 4}), f32({4, 5})})
      .valid({f32({3, 0}), f32({0, 5})})
      .valid({f32({1, 1}), f32({1, 1})})
      .valid({f64({3, 4}), f64({4, 5})})
      .valid({f16({3, 4}), f16({4, 5})})
      .valid({bf16({3, 4}), bf16({4, 5})})
      .valid({f32({3, 4}), f64({4, 5})})
      .valid({i64({3, 4}), i64({4, 5})})
      .valid({i32({3, 4}, -5, 5), f32({4, 2})})
      .valid({typed(DType::kInt8, {2, 3}).range(-100, 100), typed(DType::kInt8, {3, 2}).range(-100, 100)})
      .valid({b8({3, 4}), b8({4, 2})})
      .invalid({f32({3, 4}), f32({5, 6})}, {}, ErrorKind::kValue, "matmul: argument 'inp2': expected size 4")
      .invalid({f32({4, 3}), f32({5, 6})}, ta, ErrorKind::kValue, "got 5 (shape [5, 6])")
      .invalid({f32({}), f32({5, 6})}, {}, ErrorKind::kValue,
               "matmul: argument 'inp1': expected rank at least 1")
      .invalid({f32({3}), f32({})}, {}, ErrorKind::kValue,
               "matmul: argument 'inp2': expected rank at least 1")
      .invalid(
          {f32({2, 3, 4}), f32({3, 4, 5})}, {}, ErrorKind::kValue,
          "expected leading sizes that broadcast with those of 'inp1' (shape [2, 3, 4]), got shape [3, 4, 5]")
      .invalid({f32({3, 4}), f32({4, 5})}, {{"transpose", true}}, ErrorKind::kType, "matmul")
      .invalid({f32({3, 4}), f32({4, 5})}, {{"transpose_a", std::string("yes")}}, ErrorKind::kType,
               "transpose_a")
      .invalid({f32({3, 4}), std::nullopt}, {}, ErrorKind::kType, "matmul: argument 'inp2': missing");
}

}  // namespace miai::ops
