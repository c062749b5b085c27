#include <algorithm>

#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

void run_pack(const KernelArgs& args) {
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  for (int64_t byte = 0; byte < out.shape[0]; ++byte) {
    uint8_t bits = 0;
    for (int64_t i = byte * 8; i < std::min(byte * 8 + 8, in.shape[0]); ++i)
      bits = static_cast<uint8_t>(bits | in.as<bool>()[i * in.strides[0]] << (i % 8));
    out.as<uint8_t>()[byte * out.strides[0]] = bits;
  }
}

void run_unpack(const KernelArgs& args) {
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  for (int64_t i = 0; i < out.shape[0]; ++i)
    out.as<bool>()[i * out.strides[0]] = in.as<uint8_t>()[i / 8 * in.strides[0]] >> (i % 8) & 1;
}

}  // namespace

void register_reference_pack_bits(KernelTable& table) {
  table.add(reference_kernel("pack_bits", run_pack));
  table.add(reference_kernel("unpack_bits", run_unpack));
}

}  // namespace miai::kernels
