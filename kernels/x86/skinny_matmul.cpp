// matmul, linear and linear_bias_act of float32 where the first operand has a few rows.
#include "kernels/x86/skinny_matmul.h"

#include <algorithm>

#include "kernels/common/attrs/activation.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/matmul_shape.h"
#include "kernels/common/parallel.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/linear_epilogue.h"

namespace miai::kernels {
namespace {

constexpr int64_t kMostColumns = 4096;       // whose results stay in the first-level cache
constexpr int64_t kUnit = 64;                // columns: threads do not write to one cache line
constexpr int64_t kThreadWork = 128 * 1024;  // products that are worth a thread
constexpr int64_t kFewProducts = 4 * 1024;   // below, what a call costs counts for more

const SkinnyLoops& loops() {
  return choose_isa(baseline::skinny_loops, avx2::skinny_loops, avx512::skinny_loops);
}

struct State {
  MatmulShape shape;
  Activation activation = Activation::kIdentity;
  bool by_dots = true;  // columns of b lie without gaps, else rows do
};

MatmulShape shape_of(const KernelSignature& s) {
  if (s.op == "matmul")
    return matmul_shape(s.inputs[0], s.inputs[1], s.outputs[0], s.attrs.as<MatmulAttrs>());
  return linear_shape(s.inputs[0], s.inputs[1], s.outputs[0]);
}

Support supports_skinny(const KernelSignature& s) {
  if (Support can = supports_floats(s); !can.ok) return can;
  const MatmulShape shape = shape_of(s);
  if (shape.m > kSkinnyRows) return Support::no("more than " + std::to_string(kSkinnyRows) + " rows");
  if (element_count(shape.batch) != 1) return Support::no("a stack of matrices");
  if (shape.n * shape.k < kFewProducts) return Support::no("a small matrix");
  if (shape.a.col != 1 && shape.k > 1) return Support::no("rows with gaps");
  if (shape.c.col != 1 && shape.n > 1) return Support::no("an output whose rows have gaps");
  if (shape.b.row != 1 && shape.b.col != 1) return Support::no("a matrix with gaps");
  if (s.op == "matmul") return Support::yes();
  return supports_epilogue(s);
}

Prepared prepare_skinny(const KernelSignature& s) {
  auto state = std::make_shared<State>(State{shape_of(s)});
  state->by_dots = state->shape.b.row == 1;
  if (s.op == "linear_bias_act") state->activation = activation_of(s.attrs.as<ActivationAttrs>().activation);
  return {state};
}

void multiply(const KernelArgs& args) {
  const State& state = args.state_as<State>();
  const MatmulShape& s = state.shape;
  const float *a = args.inputs[0].as<float>(), *b = args.inputs[1].as<float>();
  int64_t share = (s.n + thread_count() - 1) / thread_count();
  int64_t columns = std::min(kMostColumns, (share + kUnit - 1) / kUnit * kUnit);
  int64_t parts = (s.n + columns - 1) / columns;
  int64_t grain = kThreadWork / (s.m * s.k * std::min(columns, s.n) + 1) + 1;
  parallel_for(0, parts, grain, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end && !args.context.is_cancelled(); ++part) {
      int64_t j = part * columns, n = std::min(columns, s.n - j);
      SkinnyProduct product{static_cast<int>(s.m),
                            n,
                            s.k,
                            a,
                            s.a.row,
                            b + j * s.b.col,
                            state.by_dots ? s.b.col : s.b.row,
                            args.outputs[0].as<float>() + j,
                            s.c.row};
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
