// matmul, linear and linear_bias_act by oneDNN's matmul, which takes strides of transposes and slices as they
// are.
#include "kernels/common/attrs/activation.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/matmul_shape.h"
#include "kernels/x86/onednn.h"

namespace miai::kernels {
namespace {

using namespace onednn;

/// Below this many products a call of oneDNN costs more than the loop of ours.
constexpr int64_t kSmall = 2 * 1024;

bool is_linear(const KernelSignature& signature) { return signature.op != "matmul"; }

MatmulShape shape_of(const KernelSignature& s) {
  if (is_linear(s)) return linear_shape(s.inputs[0], s.inputs[1], s.outputs[0]);
  return matmul_shape(s.inputs[0], s.inputs[1], s.outputs[0], s.attrs.as<MatmulAttrs>());
}

bool has_input(const KernelSignature& s, size_t i) { return i < s.inputs.size() && s.inputs[i].present; }

/// One of the two dimensions runs through memory without gaps, and none is repeated.
bool is_regular(int64_t rows, int64_t cols, const MatrixStrides& x) {
  if (rows == 1 || cols == 1) return (rows == 1 || x.row > 0) && (cols == 1 || x.col > 0);
  return (x.col == 1 && x.row >= cols) || (x.row == 1 && x.col >= rows);
}

Support supports_matmul(const KernelSignature& s);

Desc matrix_desc(DType dtype, const Shape& batch, int64_t rows, int64_t cols, const MatrixStrides& x) {
  Shape shape;
  Strides strides;
  for (int i = 0; i < batch.size(); ++i) {
    shape.push_back(x.batch[i] == 0 ? 1 : batch[i]);  // broadcast
    strides.push_back(x.batch[i]);
  }
  shape.push_back(rows), strides.push_back(x.row);
  shape.push_back(cols), strides.push_back(x.col);
  return strided_desc(dtype, shape, strides);
}

void build(const KernelSignature& s, Program& program) {
  MatmulShape shape = shape_of(s);
  Desc a = matrix_desc(s.inputs[0].dtype, shape.batch, shape.m, shape.k, shape.a);
  Desc b = matrix_desc(s.inputs[1].dtype, shape.batch, shape.k, shape.n, shape.b);
  Desc c = matrix_desc(s.outputs[0].dtype, shape.batch, shape.m, shape.n, shape.c);
  std::vector<Argument> arguments = {{DNNL_ARG_SRC, {Place::kInput, 0}, a},
                                     {DNNL_ARG_DST, {Place::kOutput, 0}, c}};
  Desc bias, z = c;
  if (is_linear(s) && has_input(s, 2)) {
    Shape row(shape.batch.size() + 2, 1);
    row.back() = shape.n;
    bias = strided_desc(s.inputs[2].dtype, row, dense_strides(row));
    arguments.push_back({DNNL_ARG_BIAS, {Place::kInput, 2}, bias});
  }
  bool adds_z = is_linear(s) && has_input(s, 3);
  if (adds_z)
    arguments.push_back({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, {Place::kInput, 3}, z});
  std::string activation = s.op == "linear_bias_act" ? s.attrs.as<ActivationAttrs>().activation : "identity";
  dnnl::primitive_attr attr = attributes(activation, adds_z ? &z : nullptr);
  Desc b_wanted = s.packed ? program.weight_desc(any_desc(s.inputs[1].dtype, {shape.k, shape.n})) : b;
  dnnl::matmul::primitive_desc desc(engine(), a, b_wanted, bias, c, attr);
  arguments.push_back(
      {DNNL_ARG_WEIGHTS, program.weight({Place::kInput, 1}, b, desc.weights_desc()), desc.weights_desc()});
  program.add(desc, std::move(arguments));
}

Support supports_matmul(const KernelSignature& s) {
  if (Support dtype = supports_dtype(s); !dtype.ok) return dtype;
  for (const TensorMeta& meta : s.inputs)
    if (meta.present && meta.dtype != s.outputs[0].dtype) return Support::no("inputs of different dtypes");
  MatmulShape shape = shape_of(s);
  if (element_count(shape.batch) * shape.m * shape.n * shape.k <= kSmall &&
      s.outputs[0].dtype == DType::kFloat32)
    return Support::no("too small to be worth a call of oneDNN");
  if (!is_regular(shape.m, shape.k, shape.a) || !is_regular(shape.k, shape.n, shape.b) ||
      !is_regular(shape.m, shape.n, shape.c) || (shape.n > 1 && shape.c.col != 1))
    return Support::no("strides without a contiguous dimension");
  for (int i = 0; i < shape.batch.size(); ++i)
    if (shape.a.batch[i] < 0 || shape.b.batch[i] < 0) return Support::no("negative strides");
  if (has_input(s, 2) && !s.inputs[2].is_dense()) return Support::no("a bias with gaps");
  if (has_input(s, 3) && (!s.inputs[3].is_dense() || !s.outputs[0].is_dense()))
    return Support::no("a z with gaps");
  return supports_program(s, build);
}

/// Along the rows, or along the stack of matrices if that is longer.
Cut cut_of(const KernelSignature& s) {
  const TensorMeta &a = s.inputs[0], &b = s.inputs[1], &c = s.outputs[0];
  const MatmulShape shape = shape_of(s);
  const int batch = c.rank() - (a.rank() > 1 ? 1 : 0) - (b.rank() > 1 ? 1 : 0);  // axes of the stack
  Cut cut(s.inputs.size(), element_count(shape.batch) * shape.m * shape.n * shape.k);
  if (a.rank() > 1 && (batch == 0 || c.shape[batch] >= c.shape[0])) {
    const bool transposed = !is_linear(s) && s.attrs.as<MatmulAttrs>().transpose_a;
    cut.output = batch;
    cut.inputs[0] = a.rank() - (transposed ? 1 : 2);
  } else if (batch > 0) {
    cut.output = 0;
    for (int i : {0, 1}) {
      const TensorMeta& x = s.inputs[static_cast<size_t>(i)];
      if (x.rank() == batch + 2 && x.shape[0] > 1) cut.inputs[i] = 0;
    }
  }
  if (has_input(s, 3)) cut.inputs[3] = cut.output;
  return cut;
}

/// One matrix may come packed, a stack of them not.
Prepared prepare_matmul(const KernelSignature& signature) {
  KernelSignature s = signature;
  s.packed = s.packed && shape_of(s).batch.empty();
  return prepare_pieces(s, build, cut_of(s));
}

}  // namespace

void register_x86_matmul_onednn(KernelTable& table) {
  for (const char* op : {"matmul", "linear", "linear_bias_act"})
    table.add({.op = op,
               .name = std::string("x86/") + op + "_onednn",
               .library = library_name(),
               .supports = supports_matmul,
               .prepare = prepare_matmul,
               .run = run_pieces,
               .thread_invariant = false,
               .preference = 10,
               .packs = 1,
               .pack = pack_weight});
}

}  // namespace miai::kernels
