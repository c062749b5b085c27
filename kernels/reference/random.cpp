// uniform, normal, permutation and random_advance, an element at a time: element i is a function of seed,
// ticket and i.
#include "kernels/common/attrs/random.h"
#include "kernels/common/random_values.h"
#include "kernels/common/strided.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

philox::Ticket ticket_of(const TensorView& state, int64_t ticket) {
  return {state.as<int64_t>(), state.strides[0], ticket};
}

/// `values` makes one block's elements from its words.
template <class T, class F>
void fill(const TensorView& out, const philox::Ticket& ticket, F&& values) {
  constexpr int64_t kBlock = philox::kElements<T>;
  int64_t i = 0;
  for_each_offset(
      out.shape,
      [&](int64_t to) {
        out.as<T>()[to] = values(ticket.words(i / kBlock))[static_cast<size_t>(i % kBlock)];
        ++i;
      },
      out.strides);
}

void run_uniform(const KernelArgs& args) {
  const UniformAttrs& a = args.attrs_as<UniformAttrs>();
  visit_float(a.dtype, [&]<class T>() {
    fill<T>(args.outputs[0], ticket_of(args.inputs[0], a.ticket),
            [&](const philox::Words& w) { return philox::uniform<T>(w, a.low, a.high); });
  });
}

void run_normal(const KernelArgs& args) {
  const NormalAttrs& a = args.attrs_as<NormalAttrs>();
  visit_float(a.dtype, [&]<class T>() {
    fill<T>(args.outputs[0], ticket_of(args.inputs[0], a.ticket),
            [&](const philox::Words& w) { return philox::normal<T>(w, a.mean, a.std); });
  });
}

/// Fisher-Yates: element i changes places with one of 0 to i.
void run_permutation(const KernelArgs& args) {
  const PermutationAttrs& a = args.attrs_as<PermutationAttrs>();
  const int64_t n = a.n.value();
  philox::Ticket ticket = ticket_of(args.inputs[0], a.ticket);
  const TensorView& out = args.outputs[0];
  int64_t step = out.strides[0];
  visit_size(dtype_size(out.dtype), [&]<class T>() {
    T* data = out.as<T>();
    for (int64_t i = 0; i < n; ++i) data[i * step] = static_cast<T>(i);
    for (int64_t i = n - 1; i > 0; --i) {
      philox::Words w = ticket.words(i);
      uint64_t word = (uint64_t{w[0]} << 32) | w[1];
      auto other =
          static_cast<int64_t>((static_cast<unsigned __int128>(word) * static_cast<uint64_t>(i + 1)) >> 64);
      std::swap(data[i * step], data[other * step]);
    }
  });
}

void run_random_advance(const KernelArgs& args) {
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  int64_t seed = in.as<int64_t>()[0];
  auto next = static_cast<uint64_t>(in.as<int64_t>()[in.strides[0]]);
  out.as<int64_t>()[0] = seed;
  out.as<int64_t>()[out.strides[0]] =
      static_cast<int64_t>(next + static_cast<uint64_t>(args.attrs_as<RandomAdvanceAttrs>().count));
}

}  // namespace

void register_reference_random(KernelTable& table) {
  table.add(infallible_kernel("uniform", run_uniform));
  table.add(infallible_kernel("normal", run_normal));
  table.add(infallible_kernel("permutation", run_permutation));
  table.add(infallible_kernel("random_advance", run_random_advance));
}

}  // namespace miai::kernels
