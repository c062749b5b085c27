// uniform, normal and dropout, many words at a time, on all threads; bit for bit as reference.
#include "kernels/common/attrs/random.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/random_values.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/philox.h"

namespace miai::kernels {
namespace {

constexpr int64_t kGrainBlocks = 2048;

Support needs_dense(const KernelSignature& s) {
  for (const TensorMeta& out : s.outputs)
    if (!out.is_dense()) return Support::no("an output is not dense");
  bool reads = s.op == "dropout" || s.op == "dropout_backward";
  if (reads && !s.inputs[0].is_dense()) return Support::no("the input is not dense");
  if (reads && !is_float(s.inputs[0].dtype)) return Support::no("the input is not floating");
  return Support::yes();
}

template <class F>
void visit_float(DType dtype, F&& f) {
  if (dtype == DType::kFloat16) return f.template operator()<Float16>();
  if (dtype == DType::kBFloat16) return f.template operator()<BFloat16>();
  if (dtype == DType::kFloat32) return f.template operator()<float>();
  f.template operator()<double>();
}

const PhiloxLoops& loops() {
  return choose_isa(baseline::philox_loops, avx2::philox_loops, avx512::philox_loops);
}

/// Calls body(first block, blocks, their words) for stretches of at most kWordBlocks blocks.
template <class F>
void for_words(const philox::Ticket& ticket, int64_t blocks, F&& body) {
  const PhiloxLoops& loop = loops();
  philox::Key key = ticket.key(), upper = ticket.upper();
  PhiloxStart start{{key[0], key[1]}, {upper[0], upper[1]}};
  parallel_for(0, blocks, kGrainBlocks, [&](int64_t begin, int64_t end) {
    alignas(64) uint32_t words[4 * kWordBlocks];
    for (int64_t b = begin; b < end; b += kWordBlocks) {
      int64_t count = std::min(kWordBlocks, end - b);
      loop.words(start, b, count, words);
      body(b, count, words);
    }
  });
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
      loops().uniforms(words, pairs, a.low, a.high, a.low < a.high ? philox::below(high) : high, y);
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
      loops().normals(words, pairs, a.mean, a.std, y);
    });
  visit_float(a.dtype, [&]<class T>() {
    fill<T>(args.outputs[0], ticket,
            [&](const philox::Words& w) { return philox::normal<T>(w, a.mean, a.std); });
  });
}

void apply(const TensorView& in, const TensorView& out, const philox::Ticket& ticket, double drop_prob) {
  uint64_t threshold = philox::keep_threshold(drop_prob);
  double scale = philox::dropout_scale(drop_prob);
  int64_t count = in.size();
  visit_float(in.dtype, [&]<class T>() {
    for_words(ticket, (count + 3) / 4, [&](int64_t first, int64_t blocks, const uint32_t* words) {
      const T* from = in.as<T>() + first * 4;
      T* to = out.as<T>() + first * 4;
      int64_t n = std::min(blocks * 4, count - first * 4);
      if constexpr (std::is_same_v<T, float>) {
        loops().drop(from, words, threshold, static_cast<float>(scale), n, to);
      } else {
        for (int64_t i = 0; i < n; ++i) to[i] = philox::dropped<T>(from[i], words[i] < threshold, scale);
      }
    });
  });
}

void run_dropout(const KernelArgs& args) {
  const DropoutAttrs& a = args.attrs_as<DropoutAttrs>();
  const TensorView& state = args.inputs[1];
  philox::Ticket ticket(state.as<int64_t>(), state.strides[0], a.ticket);
  philox::write_seed(state, a.ticket, args.outputs[1]);
  apply(args.inputs[0], args.outputs[0], ticket, a.drop_prob);
}

void run_dropout_backward(const KernelArgs& args) {
  const TensorView& seed = args.inputs[1];
  philox::Ticket ticket(seed.as<int64_t>(), seed.strides[0], 0);
  apply(args.inputs[0], args.outputs[0], ticket, args.attrs_as<DropoutBackwardAttrs>().drop_prob);
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
  add(table, "dropout", run_dropout);
  add(table, "dropout_backward", run_dropout_backward);
}

}  // namespace miai::kernels
