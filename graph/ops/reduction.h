// What the reductions share: shapes, dtypes, the way back of a gradient, and samples.
#pragma once
#include "graph/ops/tables.h"
#include "kernels/common/attrs/reduce.h"

namespace miai {

enum class ReduceResult {
  kSame,   // the input's dtype: max; an axis of size 0 is an error
  kSum,    // int64 for integers and bools
  kMean,   // float32 for integers and bools
  kBool,   // bool: any
  kIndex,  // int64: argmax; one axis or all; an axis of size 0 is an error
};

/// Checks the axes and gives the output.
void infer_reduction(InferContext& context, const ReduceAttrs& attrs, ReduceResult result);
OpDef reduction_op(std::string name, std::string doc, ReduceResult result);

/// A value of the output's shape broadcast to the shape of input 0, whether or not the axes were kept.
Var spread(const GradContext& context, const Var& reduced);
/// A value divided by the number of elements that were reduced to one.
Var divide_by_count(const GradContext& context, const Var& value);

/// Shared samples; `empty`: an empty axis is allowed; `distinct`: values without ties.
SampleList& reduction_samples(SampleTable& table, std::string_view op, bool empty, bool distinct);

}  // namespace miai
