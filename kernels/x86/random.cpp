// uniform and normal, many words at a time, on all threads; bit for bit as reference.
#include "kernels/common/attrs/random.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/random_values.h"
#include "kernels/common/visit_float.h"
#include "kernels/x86/random_words.h"

namespace miai::kernels {
namespace {

Support needs_dense(const KernelSignature& s) {
  return s.outputs[0].is_dense() ? Support::yes() : Support::no("an output is not dense");
}

template <class T, class F>
void fill(const TensorView& out, const philox::Ticket& ticket, F&& values) {
  constexpr int64_t kBlock = philox::kElements<T>;
  T* to = out.as<T>();
  int64_t count = out.size();
  for_words(ticket, (count + kBlock - 1) / kBlock, [&](int64_t first, int64_t blocks, const uint32_t* words) {
    for (int64_t b = 0; b < blocks; ++b) {
      auto block = values(philox::Words{words[4 * b], words[4 * b + 1], words[4 * b + 2], words[4 * b + 3]});
      int64_t at = (first + b) * kBlock, n = std::min(kBlock, count - at);
      for (int64_t i = 0; i < n; ++i) to[at + i] = block[static_cast<size_t>(i)];
    }
  });
}

/// float32: `numbers(words, pairs, y)` makes two numbers of each pair of words.
template <class F>
void fill_pairs(const TensorView& out, const philox::Ticket& ticket, F&& numbers) {
  float* to = out.as<float>();
  int64_t count = out.size();
  for_words(ticket, (count + 3) / 4, [&](int64_t first, int64_t blocks, const uint32_t* words) {
    float made[4 * kWordBlocks];
    numbers(words, 2 * blocks, made);
    std::copy_n(made, std::min(blocks * 4, count - first * 4), to + first * 4);
  });
}

void run_uniform(const KernelArgs& args) {
  const UniformAttrs& a = args.attrs_as<UniformAttrs>();
  const TensorView& state = args.inputs[0];
  philox::Ticket ticket(state.as<int64_t>(), state.strides[0], a.ticket);
  auto high = static_cast<float>(a.high);
  if (a.dtype == DType::kFloat32)
    return fill_pairs(args.outputs[0], ticket, [&](const uint32_t* words, int64_t pairs, float* y) {
      philox_loops().uniforms(words, pairs, a.low, a.high, a.low < a.high ? philox::below(high) : high, y);
    });
  visit_float(a.dtype, [&]<class T>() {
    fill<T>(args.outputs[0], ticket,
            [&](const philox::Words& w) { return philox::uniform<T>(w, a.low, a.high); });
  });
}

void run_normal(const KernelArgs& args) {
  const NormalAttrs& a = args.attrs_as<NormalAttrs>();
  const TensorView& state = args.inputs[0];
  philox::Ticket ticket(state.as<int64_t>(), state.strides[0], a.ticket);
  if (a.dtype == DType::kFloat32)
    return fill_pairs(args.outputs[0], ticket, [&](const uint32_t* words, int64_t pairs, float* y) {
      philox_loops().normals(words, pairs, a.mean, a.std, y);
    });
  visit_float(a.dtype, [&]<class T>() {
    fill<T>(args.outputs[0], ticket,
            [&](const philox::Words& w) { return philox::normal<T>(w, a.mean, a.std); });
  });
}

void add(KernelTable& table, const std::string& op, void (*run)(const KernelArgs&)) {
  Kernel kernel;
  kernel.op = op;
  kernel.name = "x86/" + op;
  kernel.supports = needs_dense;
  kernel.run = run;
  kernel.cannot_fail = true;
  table.add(std::move(kernel));
}

}  // namespace

void register_x86_random(KernelTable& table) {
  add(table, "uniform", run_uniform);
  add(table, "normal", run_normal);
}

}  // namespace miai::kernels
