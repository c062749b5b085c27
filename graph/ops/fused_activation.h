// What conv2d_bias_act and linear_bias_act share: a residual input z and an activation on top of their sum.
#pragma once
#include <algorithm>

#include "graph/ops/builders.h"
#include "graph/ops/op_def.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/activation.h"

namespace miai::ops {

/// Checks the activation's name, and that z (input 3), if given, is as the output just inferred.
inline void check_fused(const InferContext& context, const std::string& activation) {
  auto known = std::find(std::begin(kFusedActivations), std::end(kFusedActivations), activation);
  if (known == std::end(kFusedActivations))
    context.fail(ErrorKind::kValue, "activation", "expected identity, relu, relu6, sigmoid or tanh, got '",
                 activation, "'");
  if (!context.has(3)) return;
  const Dims &shape = context.outputs[0].shape, &z = context.input(3).shape;
  context.check_same_dtype(0, 3);
  bool same = z.size() == shape.size();
  for (int i = 0; same && i < shape.size(); ++i) same = dims_equal(z[i], shape[i]);
  if (!same) context.fail(ErrorKind::kValue, "z", "expected shape ", shape, " as the output has, got ", z);
}

/// activation(x + z); z may be absent.
inline Var apply_fused(const Var& x, const Var& z, const std::string& activation) {
  Var sum = z ? x + z : x;
  return activation == "identity" ? sum : emit1(find_op(activation), {}, {sum});
}

}  // namespace miai::ops
