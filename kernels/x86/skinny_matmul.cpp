// matmul, linear and linear_bias_act of float32 where the first operand has a few rows or the second one
// column.
#include "kernels/x86/skinny_matmul.h"

#include <algorithm>

#include "kernels/common/attrs/activation.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/matmul_shape.h"
#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/linear_epilogue.h"

namespace miai::kernels {
namespace {

constexpr int64_t kMostColumns = 4096;      // whose results stay in the first-level cache
constexpr int64_t kUnit = 64;               // columns: threads do not write to one cache line
constexpr int64_t kThreadWork = 48 * 1024;  // products that are worth a thread: each reads 4 bytes
constexpr int64_t kFewProducts = 4 * 1024;  // below, what a call costs counts for more
constexpr int64_t kMostMatrices = 4096;     // of a stack: their places are kept

const SkinnyLoops& loops() {
  return choose_isa(baseline::skinny_loops, avx2::skinny_loops, avx512::skinny_loops);
}

/// Where the matrices of one product of a stack begin.
struct Offsets {
  int64_t a, b, c;
};

struct State {
  MatmulShape shape;
  bool turned = false;  // the product of the transposes
  std::vector<Offsets> stack;
  Activation activation = Activation::kIdentity;
  bool by_dots = true;  // columns of b lie without gaps, else rows do
};

MatmulShape given_shape(const KernelSignature& s) {
  if (s.op == "matmul")
    return matmul_shape(s.inputs[0], s.inputs[1], s.outputs[0], s.attrs.as<MatmulAttrs>());
  return linear_shape(s.inputs[0], s.inputs[1], s.outputs[0]);
}

/// A matrix times one column is a row times the matrix turned over.
bool is_turned(const MatmulShape& s) { return s.n == 1 && s.m > kSkinnyRows; }

MatmulShape shape_of(const KernelSignature& s) {
  const MatmulShape shape = given_shape(s);
  return is_turned(shape) ? transposed(shape) : shape;
}

Support supports_skinny(const KernelSignature& s) {
  if (Support can = supports_floats(s); !can.ok) return can;
  const MatmulShape shape = shape_of(s);
  if (shape.m > kSkinnyRows) return Support::no("more than " + std::to_string(kSkinnyRows) + " rows");
  if (element_count(shape.batch) > kMostMatrices) return Support::no("a large stack of matrices");
  if (shape.n * shape.k < kFewProducts) return Support::no("a small matrix");
  if (shape.a.col != 1 && shape.k > 1) return Support::no("rows with gaps");
  if (shape.c.col != 1 && shape.n > 1) return Support::no("an output whose rows have gaps");
  if (shape.b.row != 1 && shape.b.col != 1) return Support::no("a matrix with gaps");
  if (s.op == "matmul") return Support::yes();
  return supports_epilogue(s);
}

Prepared prepare_skinny(const KernelSignature& s) {
  auto state = std::make_shared<State>();
  state->shape = shape_of(s);
  state->turned = is_turned(given_shape(s));
  for_each_matrix(state->shape, [&](int64_t a, int64_t b, int64_t c) { state->stack.push_back({a, b, c}); });
  state->by_dots = state->shape.b.row == 1;
  if (s.op == "linear_bias_act") state->activation = activation_of(s.attrs.as<ActivationAttrs>().activation);
  return {state};
}

void multiply(const KernelArgs& args) {
  const State& state = args.state_as<State>();
  const MatmulShape& s = state.shape;
  const float *a = args.inputs[state.turned].as<float>(), *b = args.inputs[!state.turned].as<float>();
  float* c = args.outputs[0].as<float>();
  const auto matrices = static_cast<int64_t>(state.stack.size());
  const int64_t share = matrices >= thread_count() ? s.n : divide_up(s.n, thread_count());
  const int64_t columns = std::min(kMostColumns, round_up(share, kUnit)), parts = divide_up(s.n, columns);
  const int64_t grain = kThreadWork / (s.m * s.k * std::min(columns, s.n) + 1) + 1;
  parallel_for(0, matrices * parts, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end && !args.context.is_cancelled(); ++i) {
      const Offsets& at = state.stack[static_cast<size_t>(i / parts)];
      const int64_t j = i % parts * columns;
      SkinnyProduct product{
          static_cast<int>(s.m),  std::min(columns, s.n - j),        s.k,          a + at.a, s.a.row,
          b + at.b + j * s.b.col, state.by_dots ? s.b.col : s.b.row, c + at.c + j, s.c.row};
      state.by_dots ? loops().dots(product) : loops().sums(product);
    }
  });
}

void run_linear(const KernelArgs& args) {
  multiply(args);
  finish_linear<float>(args, args.state_as<State>().activation);
}

}  // namespace

void register_x86_skinny_matmul(KernelTable& table) {
  auto add = [&](const std::string& op, void (*run)(const KernelArgs&)) {
    table.add({.op = op,
               .name = "x86/" + op + "_skinny",
               .supports = supports_skinny,
               .prepare = prepare_skinny,
               .run = run,
               .preference = 20});
  };
  add("matmul", multiply);
  add("linear", run_linear);
  add("linear_bias_act", run_linear);
}

}  // namespace miai::kernels
