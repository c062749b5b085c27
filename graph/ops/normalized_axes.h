// What layer_norm and rms_norm share: the last axes, over which each sample is normalised.
#pragma once
#include "graph/ops/builders.h"
#include "graph/ops/op_def.h"

namespace miai::ops {

/// Checks that `normalized` are the last sizes of input 0; gives its shape with size 1 in these axes.
Dims check_normalized(const InferContext& c, const Dims& normalized);
/// Checks that input i, a weight or bias, has that shape and the dtype of statistics.
void check_parameter(const InferContext& c, int i, const Dims& normalized);
void check_eps(const InferContext& c, double eps);

Ints last_axes(int count);
Var mean_over(const Var& x, const Ints& axes);
/// x divided by a size.
Var divide(const Var& x, Dim size);

}  // namespace miai::ops
