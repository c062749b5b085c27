// dropout and its gradient: the mask is made from the random words each time, and never stored.
#include "kernels/common/attrs/random.h"
#include "kernels/common/random_values.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

/// Element i stays, scaled, if word i is below the threshold.
void apply(const TensorView& in, const TensorView& out, const philox::Ticket& ticket, double drop_prob) {
  uint64_t threshold = philox::keep_threshold(drop_prob);
  double scale = philox::dropout_scale(drop_prob);
  visit_dtype(in.dtype, [&]<class T>() {
    int64_t i = 0;
    for_each_offset(
        in.shape,
        [&](int64_t from, int64_t to) {
          bool keeps = ticket.words(i / 4)[static_cast<size_t>(i % 4)] < threshold;
          out.as<T>()[to] = philox::dropped<T>(in.as<T>()[from], keeps, scale);
          ++i;
        },
        in.strides, out.strides);
  });
}

void run_dropout(const KernelArgs& args) {
  const DropoutAttrs& a = args.attrs_as<DropoutAttrs>();
  const TensorView &state = args.inputs[1], &seed = args.outputs[1];
  philox::Ticket ticket(state.as<int64_t>(), state.strides[0], a.ticket);
  philox::write_seed(state, a.ticket, seed);
  apply(args.inputs[0], args.outputs[0], ticket, a.drop_prob);
}

void run_dropout_backward(const KernelArgs& args) {
  const TensorView& seed = args.inputs[1];
  philox::Ticket ticket(seed.as<int64_t>(), seed.strides[0], 0);
  apply(args.inputs[0], args.outputs[0], ticket, args.attrs_as<DropoutBackwardAttrs>().drop_prob);
}

}  // namespace

void register_reference_dropout(KernelTable& table) {
  table.add(infallible_kernel("dropout", run_dropout));
  table.add(infallible_kernel("dropout_backward", run_dropout_backward));
}

}  // namespace miai::kernels
