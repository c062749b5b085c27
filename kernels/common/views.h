// How the operators that only rearrange read their input's memory: shared by graph/ops, whose view functions
// these are, and by the kernels that copy instead of viewing.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "kernels/common/attrs/attrs.h"
#include "kernels/common/tensor_view.h"

namespace miai {

/// How an output reads the memory of input 0 without a copy.
struct ViewSpec {
  Shape shape;
  Strides strides;
  int64_t offset = 0;  // in elements
};

/// nullopt: these strides cannot be read in that shape.
using ViewRule = std::optional<ViewSpec> (*)(const TensorMeta& input, const Attrs& attrs,
                                             const Shape& output);

/// The same elements in row-major order; also of expand_dims, squeeze and flatten.
std::optional<ViewSpec> reshape_view(const TensorMeta& input, const Attrs& attrs, const Shape& output);
std::optional<ViewSpec> transpose_view(const TensorMeta& input, const Attrs& attrs, const Shape& output);
std::optional<ViewSpec> broadcast_view(const TensorMeta& input, const Attrs& attrs, const Shape& output);
std::optional<ViewSpec> slice_view(const TensorMeta& input, const Attrs& attrs, const Shape& output);
/// The input itself: the rule of copy, which is no view operator.
std::optional<ViewSpec> identity_view(const TensorMeta& input, const Attrs& attrs, const Shape& output);

struct NamedViewRule {
  std::string_view op;
  ViewRule rule;
};
/// The operators whose kernel copies what the rule reads.
std::span<const NamedViewRule> copying_ops();

/// `meta` read with the strides of `view`.
TensorMeta apply_view(const TensorMeta& meta, const ViewSpec& view);

}  // namespace miai
