// dropout and its gradient: bit i % 8 of byte i / 8 says whether element i is kept.
#include <algorithm>

#include "kernels/common/attrs/random.h"
#include "kernels/common/random_values.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

void apply(const TensorView& in, const TensorView& kept, const TensorView& out, double drop_prob) {
  double scale = philox::dropout_scale(drop_prob);
  visit_dtype(in.dtype, [&]<class T>() {
    int64_t i = 0;
    for_each_offset(
        in.shape,
        [&](int64_t from, int64_t to) {
          bool keeps = kept.as<uint8_t>()[i / 8 * kept.strides[0]] >> (i % 8) & 1;
          out.as<T>()[to] = philox::dropped<T>(in.as<T>()[from], keeps, scale);
          ++i;
        },
        in.strides, out.strides);
  });
}

void run_dropout(const KernelArgs& args) {
  const DropoutAttrs& a = args.attrs_as<DropoutAttrs>();
  const TensorView &state = args.inputs[1], &kept = args.outputs[1];
  philox::Ticket ticket(state.as<int64_t>(), state.strides[0], a.ticket);
  uint64_t threshold = philox::keep_threshold(a.drop_prob);
  for (int64_t byte = 0; byte < kept.shape[0]; ++byte) {
    int64_t count = std::min<int64_t>(8, args.inputs[0].size() - byte * 8);
    unsigned bits = 0;
    for (int64_t i = 0; i < count; ++i)
      bits |= unsigned{ticket.words(byte * 2 + i / 4)[static_cast<size_t>(i % 4)] < threshold} << i;
    kept.as<uint8_t>()[byte * kept.strides[0]] = static_cast<uint8_t>(bits);
  }
  apply(args.inputs[0], kept, args.outputs[0], a.drop_prob);
}

void run_dropout_backward(const KernelArgs& args) {
  apply(args.inputs[0], args.inputs[1], args.outputs[0], args.attrs_as<DropoutBackwardAttrs>().drop_prob);
}

}  // namespace

void register_reference_dropout(KernelTable& table) {
  table.add(infallible_kernel("dropout", run_dropout));
  table.add(infallible_kernel("dropout_backward", run_dropout_backward));
}

}  // namespace miai::kernels
