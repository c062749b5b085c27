// dropout and its gradient on all threads, bit for bit as reference.
#include "kernels/x86/dropout.h"

#include "kernels/common/attrs/random.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/random_values.h"
#include "kernels/common/visit_float.h"
#include "kernels/x86/random_words.h"

namespace miai::kernels {
namespace {

Support needs_dense(const KernelSignature& s) {
  if (!s.inputs[0].is_dense() || !s.outputs[0].is_dense()) return Support::no("a tensor is not dense");
  if (s.op == "dropout_backward" && !s.inputs[1].is_dense()) return Support::no("bits with gaps");
  return is_float(s.inputs[0].dtype) ? Support::yes() : Support::no("the input is not floating");
}

const DropoutLoops& loops() {
  return choose_isa(baseline::dropout_loops, avx2::dropout_loops, avx512::dropout_loops);
}

/// Some elements, the first of which has bit 0.
template <class T>
void apply(const T* x, const uint8_t* bits, double scale, int64_t count, T* y) {
  if constexpr (std::is_same_v<T, float>) {
    loops().apply(x, bits, static_cast<float>(scale), count, y);
  } else {
    for (int64_t i = 0; i < count; ++i) y[i] = philox::dropped<T>(x[i], bits[i / 8] >> (i % 8) & 1, scale);
  }
}

void run_dropout(const KernelArgs& args) {
  const DropoutAttrs& a = args.attrs_as<DropoutAttrs>();
  const TensorView &state = args.inputs[1], &x = args.inputs[0];
  philox::Ticket ticket(state.as<int64_t>(), state.strides[0], a.ticket);
  const uint64_t threshold = philox::keep_threshold(a.drop_prob);
  const double scale = philox::dropout_scale(a.drop_prob);
  visit_float(x.dtype, [&]<class T>() {
    for_words(ticket, (x.size() + 3) / 4, [&](int64_t first, int64_t blocks, const uint32_t* words) {
      const int64_t at = first * 4, count = std::min(blocks * 4, x.size() - at);
      uint8_t* bits = args.outputs[1].as<uint8_t>() + at / 8;
      loops().compare(words, threshold, count, bits);
      apply(x.as<T>() + at, bits, scale, count, args.outputs[0].as<T>() + at);
    });
  });
}

void run_dropout_backward(const KernelArgs& args) {
  constexpr int64_t kGrain = 4096;  // bytes of bits
  const TensorView &dy = args.inputs[0], &kept = args.inputs[1];
  const double scale = philox::dropout_scale(args.attrs_as<DropoutBackwardAttrs>().drop_prob);
  visit_float(dy.dtype, [&]<class T>() {
    parallel_for(0, kept.shape[0], kGrain, [&](int64_t begin, int64_t end) {
      const int64_t at = begin * 8, count = std::min(end * 8, dy.size()) - at;
      apply(dy.as<T>() + at, kept.as<uint8_t>() + begin, scale, count, args.outputs[0].as<T>() + at);
    });
  });
}

}  // namespace

void register_x86_dropout(KernelTable& table) {
  auto add = [&](const std::string& op, void (*run)(const KernelArgs&)) {
    table.add({.op = op, .name = "x86/" + op, .supports = needs_dense, .run = run, .cannot_fail = true});
  };
  add("dropout", run_dropout);
  add("dropout_backward", run_dropout_backward);
}

}  // namespace miai::kernels
