#include "graph/ops/losses.h"
#include "kernels/common/attrs/pick.h"
#include "kernels/common/attrs/reduce.h"
#include "kernels/common/attrs/softmax.h"

namespace miai::ops {
namespace {

struct CrossEntropyAttrs {
  int64_t axis = 1;
  bool with_logits = true;
  double label_smooth = 0;
  std::string reduction = "mean";
  static auto fields() {
    return std::tuple{field("axis", &CrossEntropyAttrs::axis, "the axis of pred that holds the classes"),
                      field("with_logits", &CrossEntropyAttrs::with_logits, "pred is before the softmax"),
                      field("label_smooth", &CrossEntropyAttrs::label_smooth,
                            "share of each label spread over all classes"),
                      field("reduction", &CrossEntropyAttrs::reduction, "'mean', 'sum' or 'none'")};
  }
};

void infer_cross_entropy(InferContext& c) {
  const auto& a = c.attrs<CrossEntropyAttrs>();
  c.check_float(0);
  c.check_min_rank(0, 1);
  c.check_int(1);
  const Dims& pred = c.input(0).shape;
  int axis = c.axis(a.axis, pred.size());
  c.check_rank(1, pred.size() - 1);
  Dims label = pred;
  label.erase(axis);
  for (int i = 0; i < label.size(); ++i) c.check_dim(1, i, label[i], "as 'pred' has without the classes");
  if (!(a.label_smooth >= 0 && a.label_smooth <= 1))
    c.fail(ErrorKind::kValue, "label_smooth", "expected a number in [0, 1], got ", a.label_smooth);
  loss_output(c, label, a.reduction);
}

Vars lower_cross_entropy(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<CrossEntropyAttrs>();
  const Var &pred = inputs[0], &label = inputs[1];
  int64_t axis = a.axis < 0 ? a.axis + pred.type().rank() : a.axis;
  Var logs =
      a.with_logits ? emit1(find_op("log_softmax"), make_attrs(SoftmaxAttrs{axis}), {pred}) : log(pred);
  Attrs of_labels = make_attrs(PickAttrs{axis, false, "cross_entropy", "label"});
  Var loss = -emit1(find_op("pick"), of_labels, {logs, label});
  if (a.label_smooth > 0) {
    Var all = emit1(find_op("mean"), make_attrs(ReduceAttrs{Ints{axis}}), {logs});
    loss = loss * (1 - a.label_smooth) - all * a.label_smooth;
  }
  return {reduce_loss(loss, a.reduction)};
}

constexpr const char* kDoc = R"(-log of the probability that the prediction gives to the label.

`pred`: logits, or probabilities if not `with_logits`; floating dtype. `label`: integers in [0, classes), of
the shape of pred without `axis`. Raises IndexError for a label out of bounds.

>>> import miai as mi, miai.functional as F
>>> round(F.cross_entropy(mi.tensor([[0.0, 0.0]]), mi.tensor([1])).item(), 4)
0.6931
)";

}  // namespace

void define_cross_entropy(OpTable& table) {
  OpDef op;
  op.name = "cross_entropy";
  op.doc = kDoc;
  op.inputs = {{"pred"}, {"label"}};
  op.attrs = &attrs_type<CrossEntropyAttrs>();
  op.infer = infer_cross_entropy;
  op.lower = lower_cross_entropy;
  op.checks_values = true;
  table.add(std::move(op));
}

void define_cross_entropy_samples(SampleTable& samples) {
  auto as = [](const char* reduction) { return AttrList{{"reduction", std::string(reduction)}}; };
  SampleTensor probabilities = f32({4, 5}).range(0.1, 0.9);
  samples.of("cross_entropy")
      .valid({f32({4, 5}), i64({4}, 0, 5)})
      .valid({f32({4, 5}), i64({4}, 0, 5)}, as("sum"))
      .valid({f32({4, 5}), i32({4}, 0, 5)}, as("none"))
      .valid({f32({4, 5}), i64({4}, 0, 5)}, {{"label_smooth", 0.1}})
      .valid({probabilities, i64({4}, 0, 5)}, {{"with_logits", false}})
      .valid({f32({2, 5, 3, 4}), i64({2, 3, 4}, 0, 5)})
      .valid({f32({2, 3, 5}), i64({2, 3}, 0, 5)}, {{"axis", int64_t{-1}}})
      .valid({f32({5}), i64({}, 0, 5)}, {{"axis", int64_t{0}}})
      .valid({f32({1, 1}), i64({1}, 0, 1)})
      .valid({f32({0, 5}), i64({0}, 0, 5)}, as("sum"))
      .valid({f32({4, 5}).range(-90, 90), i64({4}, 0, 5)})
      .valid({f32({4, 5}).transposed(), i64({4}, 0, 5)})
      .valid({f32({4, 5}).sliced(), i64({4}, 0, 5).sliced()})
      .valid({f64({4, 5}), i64({4}, 0, 5)})
      .valid({f16({4, 5}), i64({4}, 0, 5)})
      .valid({bf16({4, 5}), i64({4}, 0, 5)})
      .invalid({f32({2, 5}), i64({2}).of({0, 5})}, {}, ErrorKind::kIndex,
               "cross_entropy: argument 'label': expected indices in [0, 5) of axis 1, got 5")
      .invalid({f32({2, 5}), i64({2}).of({-1, 0})}, {}, ErrorKind::kIndex,
               "cross_entropy: argument 'label': expected indices in [0, 5) of axis 1, got -1")
      .invalid({f32({4, 5}), f32({4})}, {}, ErrorKind::kType,
               "cross_entropy: argument 'label': expected an integer dtype, got float32")
      .invalid({f32({4, 5}), i64({3}, 0, 5)}, {}, ErrorKind::kValue,
               "cross_entropy: argument 'label': expected size 4 in dimension 0")
      .invalid({f32({4, 5}), i64({4, 5}, 0, 5)}, {}, ErrorKind::kValue,
               "cross_entropy: argument 'label': expected rank 1, got rank 2")
      .invalid({i64({4, 5}), i64({4}, 0, 5)}, {}, ErrorKind::kType,
               "cross_entropy: argument 'pred': expected a floating dtype")
      .invalid({f32({4}), i64({}, 0, 4)}, {}, ErrorKind::kValue,
               "cross_entropy: argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({4, 5}), i64({4}, 0, 5)}, {{"label_smooth", 1.5}}, ErrorKind::kValue,
               "cross_entropy: argument 'label_smooth': expected a number in [0, 1], got 1.5")
      .invalid({f32({4, 5}), i64({4}, 0, 5)}, as("max"), ErrorKind::kValue,
               "cross_entropy: argument 'reduction': expected 'mean', 'sum' or 'none', got 'max'");
}

}  // namespace miai::ops
