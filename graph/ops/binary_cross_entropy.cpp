#include "graph/ops/losses.h"

namespace miai::ops {
namespace {

struct BinaryCrossEntropyAttrs {
  bool with_logits = true;
  std::string reduction = "mean";
  static auto fields() {
    return std::tuple{
        field("with_logits", &BinaryCrossEntropyAttrs::with_logits, "pred is before the sigmoid"),
        field("reduction", &BinaryCrossEntropyAttrs::reduction, "'mean', 'sum' or 'none'")};
  }
};

/// Logits: softplus(pred) - label * pred, which no logit overflows.
Vars lower_loss(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<BinaryCrossEntropyAttrs>();
  const Var &pred = inputs[0], &label = inputs[1];
  Var loss = a.with_logits ? emit1(find_op("softplus"), {}, {pred}) - label * pred
                           : -(label * log(pred) + (1.0 - label) * log(1.0 - pred));
  return {reduce_loss(loss, a.reduction)};
}

}  // namespace

void define_binary_cross_entropy(OpTable& table) {
  OpDef op;
  op.name = "binary_cross_entropy";
  op.doc = R"(-(label * log(p) + (1 - label) * log(1 - p)) with p the sigmoid of pred (or pred itself).

`pred`, `label`: the same shape and floating dtype; labels lie in [0, 1]. With `with_logits` no pred is too
large; without it pred lies in (0, 1).

>>> import miai as mi, miai.functional as F
>>> round(F.binary_cross_entropy(mi.tensor([0.0]), mi.tensor([1.0])).item(), 4)
0.6931
)";
  op.inputs = {{"pred"}, {"label"}};
  op.attrs = &attrs_type<BinaryCrossEntropyAttrs>();
  op.infer = [](InferContext& c) { infer_loss(c, c.attrs<BinaryCrossEntropyAttrs>().reduction); };
  op.lower = lower_loss;
  table.add(std::move(op));
}

void define_binary_cross_entropy_samples(SampleTable& samples) {
  SampleList& list = loss_samples(samples, "binary_cross_entropy", 0.1, 0.9);
  SampleTensor p = f32({3, 4}).range(0.2, 0.8);
  list.valid({p, p}, {{"with_logits", false}})
      .valid({p, p}, {{"with_logits", false}, {"reduction", std::string("sum")}});
}

}  // namespace miai::ops
