// interpolate and its gradient for dense float32, plane by plane.
#include "kernels/common/interpolate_taps.h"

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/supported_dtypes.h"

namespace miai::kernels {
namespace {

constexpr int64_t kGrain = 8 * 1024;  // elements that are worth a thread

struct State {
  InterpolatePlan plan;  // from `in` to the interpolated side, `out`
  int64_t planes, in, out, in_columns;
};

Support supports(const KernelSignature& s) {
  if (Support can = supports_dtype(s.inputs[0].dtype); !can.ok) return can;
  if (!s.inputs[0].is_dense() || !s.outputs[0].is_dense())
    return Support::no("the input or the output is not dense");
  return Support::yes();
}

Prepared prepare(const KernelSignature& s, const TensorMeta& in, const TensorMeta& out) {
  int64_t planes = std::max<int64_t>(in.shape[0] * in.shape[1], 1);
  return {std::make_shared<State>(State{InterpolatePlan(s.attrs.as<InterpolateAttrs>(), in.shape, out.shape),
                                        in.shape[0] * in.shape[1], in.size() / planes, out.size() / planes,
                                        in.shape.back()}),
          0};
}
Prepared prepare_forward(const KernelSignature& s) { return prepare(s, s.inputs[0], s.outputs[0]); }
Prepared prepare_backward(const KernelSignature& s) { return prepare(s, s.outputs[0], s.inputs[0]); }

void forward_plane(const State& s, const float* x, float* y) {
  for (const InterpolateTap& row : s.plan.rows) {
    const float *low = x + row.low * s.in_columns, *high = x + row.high * s.in_columns;
    auto share = static_cast<float>(row.share);
    for (const InterpolateTap& column : s.plan.columns) {
      auto across = static_cast<float>(column.share);
      float above = low[column.low] + (low[column.high] - low[column.low]) * across;
      float below = high[column.low] + (high[column.high] - high[column.low]) * across;
      *y++ = above + (below - above) * share;
    }
  }
}

void backward_plane(const State& s, const float* dy, float* dx) {
  std::fill_n(dx, s.in, 0.0f);
  for (const InterpolateTap& row : s.plan.rows) {
    float *low = dx + row.low * s.in_columns, *high = dx + row.high * s.in_columns;
    auto share = static_cast<float>(row.share);
    for (const InterpolateTap& column : s.plan.columns) {
      auto across = static_cast<float>(column.share);
      float below = *dy * share, above = *dy++ - below;
      low[column.high] += above * across;
      low[column.low] += above * (1 - across);
      high[column.high] += below * across;
      high[column.low] += below * (1 - across);
    }
  }
}

template <class F>
void for_each_plane(const State& s, F&& f) {
  parallel_for(0, s.planes, kGrain / (s.in + s.out + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) f(p);
  });
}

void run_forward(const KernelArgs& args) {
  const State& s = args.state_as<State>();
  const float* x = args.inputs[0].as<float>();
  float* y = args.outputs[0].as<float>();
  for_each_plane(s, [&](int64_t p) { forward_plane(s, x + p * s.in, y + p * s.out); });
}
void run_backward(const KernelArgs& args) {
  const State& s = args.state_as<State>();
  const float* dy = args.inputs[0].as<float>();
  float* dx = args.outputs[0].as<float>();
  for_each_plane(s, [&](int64_t p) { backward_plane(s, dy + p * s.out, dx + p * s.in); });
}

}  // namespace

void register_x86_interpolate(KernelTable& table) {
  table.add({.op = "interpolate",
             .name = "x86/interpolate",
             .supports = supports,
             .prepare = prepare_forward,
             .run = run_forward,
             .preference = 10});
  table.add({.op = "interpolate_backward",
             .name = "x86/interpolate_backward",
             .supports = supports,
             .prepare = prepare_backward,
             .run = run_backward,
             .preference = 10});
}

}  // namespace miai::kernels
