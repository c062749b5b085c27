#include "graph/ops/losses.h"

namespace miai::ops {

void define_l1_loss(OpTable& table) {
  OpDef op;
  op.name = "l1_loss";
  op.doc = R"(|pred - label|: its mean, its sum, or each element's.

`pred`, `label`: the same shape and floating dtype.

>>> import miai as mi, miai.functional as F
>>> F.l1_loss(mi.tensor([1.0, 2.0]), mi.tensor([2.0, 4.0])).item()
1.5
)";
  op.inputs = {{"pred"}, {"label"}};
  op.attrs = &attrs_type<LossAttrs>();
  op.infer = [](InferContext& c) { infer_loss(c, c.attrs<LossAttrs>().reduction); };
  op.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    Var loss = emit1(find_op("abs"), {}, {inputs[0] - inputs[1]});
    return {reduce_loss(loss, attrs.as<LossAttrs>().reduction)};
  };
  table.add(std::move(op));
}

void define_l1_loss_samples(SampleTable& samples) {
  SampleList& list = loss_samples(samples, "l1_loss", 2, 3);  // away from the kink
  list.check_second_order = false;                            // it is 0
}

}  // namespace miai::ops
