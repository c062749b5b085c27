// pack_bits and unpack_bits, eight bools at a time: products and masks of a 64-bit word.
#include <algorithm>
#include <cstring>

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"

namespace miai::kernels {
namespace {

constexpr int64_t kGrain = 1 << 14;  // bytes of bits that are worth a thread

/// Byte i of `bools` (0 or 1) becomes bit i: the product brings all of them into the highest byte.
uint8_t pack(uint64_t bools) { return static_cast<uint8_t>(bools * 0x0102040810204080 >> 56); }

/// Bit i becomes byte i, 0 or 1.
uint64_t unpack(uint8_t bits) {
  uint64_t chosen = bits * uint64_t{0x0101010101010101} & 0x8040201008040201;  // bit i of byte i alone
  return (chosen + 0x7f7f7f7f7f7f7f7f) >> 7 & 0x0101010101010101;
}

void run_pack(const KernelArgs& args) {
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  const auto* from = static_cast<const char*>(in.data);
  auto* to = out.as<uint8_t>();
  parallel_for(0, out.shape[0], kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      uint64_t bools = 0;
      std::memcpy(&bools, from + i * 8, static_cast<size_t>(std::min<int64_t>(8, in.shape[0] - i * 8)));
      to[i] = pack(bools);
    }
  });
}

void run_unpack(const KernelArgs& args) {
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  const auto* from = in.as<uint8_t>();
  auto* to = static_cast<char*>(out.data);
  parallel_for(0, in.shape[0], kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      uint64_t bools = unpack(from[i]);
      std::memcpy(to + i * 8, &bools, static_cast<size_t>(std::min<int64_t>(8, out.shape[0] - i * 8)));
    }
  });
}

Support without_gaps(const KernelSignature& s) {
  return s.inputs[0].is_dense() && s.outputs[0].is_dense() ? Support::yes()
                                                           : Support::no("a tensor with gaps");
}

}  // namespace

void register_x86_pack_bits(KernelTable& table) {
  table.add({.op = "pack_bits",
             .name = "x86/pack_bits",
             .supports = without_gaps,
             .run = run_pack,
             .preference = 10});
  table.add({.op = "unpack_bits",
             .name = "x86/unpack_bits",
             .supports = without_gaps,
             .run = run_unpack,
             .preference = 10});
}

}  // namespace miai::kernels
