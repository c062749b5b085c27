// Rules of batch_norm and its gradient that the fused operators share.
#pragma once
#include "graph/ops/builders.h"
#include "graph/ops/op_def.h"
#include "kernels/common/attrs/batch_norm.h"

namespace miai::ops {

/// Input i is a floating (n, c) or (n, c, h, w).
void check_image(const InferContext& context, int i);
/// Input i is a vector of the image's channels, in the dtype of its statistics.
void check_per_channel(const InferContext& context, int i, const TensorType& image);
/// Input i is a summand of input 0: of its dtype and shape.
void check_summand(const InferContext& context, int i);
void infer_batch_norm(InferContext& context, const BatchNormAttrs& attrs);
Vars lower_batch_norm(std::span<const Var> inputs, const BatchNormAttrs& attrs);
/// By batch_norm_apply, so that the statistics of a batch are not computed twice.
std::optional<CheaperRepeat> repeat_batch_norm(const BatchNormActAttrs& attrs, int input_count);
void check_clamping_activation(const InferContext& context, const std::string& activation);
Var activated(const Var& x, const std::string& activation);
/// Of dy, inp, weight, mean, rstd; further inputs are not looked at.
void infer_batch_norm_backward(InferContext& context);
Vars lower_batch_norm_backward(std::span<const Var> inputs, const BatchNormGradAttrs& attrs);
/// Values per channel as a shape that broadcasts with the image.
Var per_channel(const Var& x, const Var& image);

}  // namespace miai::ops
