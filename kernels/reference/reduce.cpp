// sum, mean, prod, max, min, argmax and argmin of any dtype and strides, one output element at a time.
#include <cmath>
#include <limits>

#include "kernels/common/parallel.h"
#include "kernels/common/reduce_plan.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

/// What an element is accumulated in: 64 bits, so that long sums keep their digits.
template <class T>
using Wide = std::conditional_t<std::is_integral_v<T>, int64_t, double>;

template <class T>
Wide<T> widen(T x) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    return static_cast<float>(x);
  else
    return static_cast<Wide<T>>(x);
}
template <class R, class W>
R narrow(W x) {
  if constexpr (std::is_same_v<R, Float16> || std::is_same_v<R, BFloat16>)
    return R(static_cast<float>(x));
  else
    return static_cast<R>(x);
}

template <class W>
bool is_nan(W x) {
  return x != x;
}

struct Sum {
  template <class W>
  static W start() {
    return 0;
  }
  template <class W>
  static W step(W a, W x) {
    return a + x;
  }
  template <class W>
  static W end(W a, int64_t) {
    return a;
  }
};
struct Mean : Sum {
  template <class W>
  static double end(W a, int64_t n) {
    return static_cast<double>(a) / static_cast<double>(n);
  }
};
struct Prod {
  template <class W>
  static W start() {
    return 1;
  }
  template <class W>
  static W step(W a, W x) {
    return a * x;
  }
  template <class W>
  static W end(W a, int64_t) {
    return a;
  }
};
struct Max {
  template <class W>
  static W start() {
    return std::numeric_limits<W>::has_infinity ? -std::numeric_limits<W>::infinity()
                                                : std::numeric_limits<W>::min();
  }
  template <class W>
  static W step(W a, W x) {
    return a > x || is_nan(a) ? a : x;
  }
  template <class W>
  static W end(W a, int64_t) {
    return a;
  }
};
struct Min {
  template <class W>
  static W start() {
    return std::numeric_limits<W>::has_infinity ? std::numeric_limits<W>::infinity()
                                                : std::numeric_limits<W>::max();
  }
  template <class W>
  static W step(W a, W x) {
    return a < x || is_nan(a) ? a : x;
  }
  template <class W>
  static W end(W a, int64_t) {
    return a;
  }
};

/// Calls f(offset of each output's first input element, output index).
template <class F>
void each_output(const ReducePlan& plan, F&& f) {
  const int64_t grain = std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(plan.count, 1));
  parallel_for(0, plan.outputs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) f(nest_offset(plan.kept, plan.kept_strides, o), o);
  });
}

template <class Op, class T, class R>
void reduce(const ReducePlan& plan, const T* in, R* out) {
  each_output(plan, [&](int64_t base, int64_t o) {
    Wide<T> a = Op::template start<Wide<T>>();
    for (int64_t i = 0; i < plan.count; ++i)
      a = Op::step(a, widen(in[base + nest_offset(plan.reduced, plan.reduced_strides, i)]));
    out[o] = narrow<R>(Op::end(a, plan.count));
  });
}

template <bool Largest, class T>
void arg_reduce(const ReducePlan& plan, const T* in, int64_t* out) {
  each_output(plan, [&](int64_t base, int64_t o) {
    int64_t best = 0;
    Wide<T> best_value = widen(in[base]);
    for (int64_t i = 1; i < plan.count && !is_nan(best_value); ++i) {
      Wide<T> x = widen(in[base + nest_offset(plan.reduced, plan.reduced_strides, i)]);
      if (!is_nan(x) && !(Largest ? x > best_value : x < best_value)) continue;
      best = i;
      best_value = x;
    }
    out[o] = best;
  });
}

Prepared prepare(const KernelSignature& s) {
  return {std::make_shared<const ReducePlan>(make_reduce_plan(s.inputs[0], s.attrs.as<ReduceAttrs>().axis)),
          0};
}

template <class Op>
void run(const KernelArgs& args) {
  const auto& plan = args.state_as<ReducePlan>();
  visit_dtype(args.inputs[0].dtype, [&]<class T>() {
    visit_dtype(args.outputs[0].dtype,
                [&]<class R>() { reduce<Op>(plan, args.inputs[0].as<const T>(), args.outputs[0].as<R>()); });
  });
}

template <bool Largest>
void run_arg(const KernelArgs& args) {
  visit_dtype(args.inputs[0].dtype, [&]<class T>() {
    arg_reduce<Largest>(args.state_as<ReducePlan>(), args.inputs[0].as<const T>(),
                        args.outputs[0].as<int64_t>());
  });
}

}  // namespace

void register_reference_reduce(KernelTable& table) {
  table.add(reference_kernel("sum", run<Sum>, prepare));
  table.add(reference_kernel("mean", run<Mean>, prepare));
  table.add(reference_kernel("prod", run<Prod>, prepare));
  table.add(reference_kernel("max", run<Max>, prepare));
  table.add(reference_kernel("min", run<Min>, prepare));
  table.add(reference_kernel("argmax", run_arg<true>, prepare));
  table.add(reference_kernel("argmin", run_arg<false>, prepare));
}

}  // namespace miai::kernels
