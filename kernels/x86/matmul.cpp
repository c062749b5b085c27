// matmul, linear and linear_bias_act by our own gemm, for float32 and float64 of any strides.
#include "kernels/common/attrs/activation.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/matmul_shape.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/gemm.h"
#include "kernels/x86/linear_epilogue.h"

namespace miai::kernels {
namespace {

struct State {
  MatmulShape shape;
  Activation activation = Activation::kIdentity;
};

template <class F>
decltype(auto) visit_type(DType dtype, F&& f) {
  return dtype == DType::kFloat64 ? f.template operator()<double>() : f.template operator()<float>();
}

State state_of(const KernelSignature& s) {
  if (s.op == "matmul")
    return {matmul_shape(s.inputs[0], s.inputs[1], s.outputs[0], s.attrs.as<MatmulAttrs>())};
  State state{linear_shape(s.inputs[0], s.inputs[1], s.outputs[0])};
  if (s.op == "linear_bias_act") state.activation = activation_of(s.attrs.as<ActivationAttrs>().activation);
  return state;
}

Support supports_matmul(const KernelSignature& s) {
  DType dtype = s.outputs[0].dtype;
  if (Support can = supports_dtype(dtype, {DType::kFloat32, DType::kFloat64}); !can.ok) return can;
  for (const TensorMeta& meta : s.inputs)
    if (meta.present && meta.dtype != dtype) return Support::no("inputs of different dtypes");
  const MatmulShape shape = state_of(s).shape;
  if (shape.n > 1 && shape.c.col != 1) return Support::no("an output whose rows have gaps");
  return s.inputs.size() > 2 ? supports_epilogue(s) : Support::yes();
}

Prepared prepare_matmul(const KernelSignature& s) {
  auto state = std::make_shared<State>(state_of(s));
  const MatmulShape& shape = state->shape;
  size_t bytes =
      visit_type(s.outputs[0].dtype, [&]<class T>() { return gemm_workspace<T>(shape.m, shape.n, shape.k); });
  return {state, bytes};
}

template <class T>
void multiply(const KernelArgs& args, const MatmulShape& s) {
  const T *a = args.inputs[0].as<T>(), *b = args.inputs[1].as<T>();
  T* c = args.outputs[0].as<T>();
  for_each_matrix(s, [&](int64_t at_a, int64_t at_b, int64_t at_c) {
    gemm<T>({s.m, s.n, s.k, a + at_a, s.a.row, s.a.col, b + at_b, s.b.row, s.b.col, c + at_c, s.c.row},
            args.workspace, args.context);
  });
}

void run_matmul(const KernelArgs& args) {
  visit_type(args.outputs[0].dtype, [&]<class T>() { multiply<T>(args, args.state_as<State>().shape); });
}
void run_linear(const KernelArgs& args) {
  const State& state = args.state_as<State>();
  visit_type(args.outputs[0].dtype, [&]<class T>() {
    multiply<T>(args, state.shape);
    finish_linear<T>(args, state.activation);
  });
}

}  // namespace

void register_x86_matmul(KernelTable& table) {
  auto add = [&](const char* op, void (*run)(const KernelArgs&)) {
    table.add({.op = op,
               .name = std::string("x86/") + op,
               .supports = supports_matmul,
               .prepare = prepare_matmul,
               .run = run});
  };
  add("matmul", run_matmul);
  add("linear", run_linear);
  add("linear_bias_act", run_linear);
}

}  // namespace miai::kernels
