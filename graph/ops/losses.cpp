#include "graph/ops/losses.h"

#include "kernels/common/attrs/reduce.h"

namespace miai {

void check_reduction(const InferContext& context, const std::string& reduction) {
  if (reduction != "mean" && reduction != "sum" && reduction != "none")
    context.fail(ErrorKind::kValue, "reduction", "expected 'mean', 'sum' or 'none', got '", reduction, "'");
}

void loss_output(InferContext& context, const Dims& shape, const std::string& reduction) {
  check_reduction(context, reduction);
  context.output_like(0, reduction == "none" ? shape : Dims{});
}

void infer_loss(InferContext& context, const std::string& reduction) {
  context.check_float(0);
  context.check_same_dtype(0, 1);
  const Dims &pred = context.input(0).shape, &label = context.input(1).shape;
  bool same = pred.size() == label.size();
  for (int i = 0; same && i < pred.size(); ++i) same = dims_equal(pred[i], label[i]);
  if (!same) context.fail(ErrorKind::kValue, "label", "expected shape ", pred, " as 'pred' has, got ", label);
  loss_output(context, pred, reduction);
}

Var reduce_loss(const Var& loss, const std::string& reduction) {
  if (reduction == "none") return loss;
  return emit1(find_op(reduction), make_attrs(ReduceAttrs{}), {loss});
}

}  // namespace miai
