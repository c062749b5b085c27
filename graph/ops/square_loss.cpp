#include "graph/ops/losses.h"

namespace miai::ops {

void define_square_loss(OpTable& table) {
  OpDef op;
  op.name = "square_loss";
  op.doc = R"((pred - label) ** 2: its mean, its sum, or each element's.

`pred`, `label`: the same shape and floating dtype.

>>> import miai as mi, miai.functional as F
>>> F.square_loss(mi.tensor([1.0, 2.0]), mi.tensor([2.0, 4.0])).item()
2.5
)";
  op.inputs = {{"pred"}, {"label"}};
  op.attrs = &attrs_type<LossAttrs>();
  op.infer = [](InferContext& c) { infer_loss(c, c.attrs<LossAttrs>().reduction); };
  op.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    return {reduce_loss(square(inputs[0] - inputs[1]), attrs.as<LossAttrs>().reduction)};
  };
  table.add(std::move(op));
}

void define_square_loss_samples(SampleTable& samples) { loss_samples(samples, "square_loss", -1, 1); }

}  // namespace miai::ops
