// What the losses share: shapes that must agree, and the reduction to one number.
#pragma once
#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai {

struct LossAttrs {
  std::string reduction = "mean";
  static auto fields() {
    return std::tuple{field("reduction", &LossAttrs::reduction, "'mean', 'sum' or 'none'")};
  }
};

/// Raises ValueError unless it is 'mean', 'sum' or 'none'.
void check_reduction(const InferContext& context, const std::string& reduction);
/// The output of a loss whose elements have this shape.
void loss_output(InferContext& context, const Dims& shape, const std::string& reduction);
/// pred floating, label of its dtype and shape.
void infer_loss(InferContext& context, const std::string& reduction);
Var reduce_loss(const Var& loss, const std::string& reduction);

/// Calls that fit the losses of a prediction and a label of one shape.
SampleList& loss_samples(SampleTable& table, std::string_view op, double low, double high);

}  // namespace miai
