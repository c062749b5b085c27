#include "kernels/common/views.h"

#include "kernels/common/attrs/shape.h"

namespace miai {

std::optional<ViewSpec> reshape_view(const TensorMeta& input, const Attrs&, const Shape& output) {
  if (input.size() == 0 || input.is_dense()) return ViewSpec{output, dense_strides(output), 0};
  // Runs of input axes and of output axes with the same number of elements are matched; within a run the
  // input must lie without gaps.
  ViewSpec view{output, Strides(output.size(), 0), 0};
  int in = 0, out = 0;
  while (in < input.rank() || out < output.size()) {
    int in_begin = in, out_begin = out;
    int64_t in_count = in < input.rank() ? input.shape[in++] : 1;
    int64_t out_count = out < output.size() ? output[out++] : 1;
    while (in_count != out_count) {
      if (in_count < out_count) {
        in_count *= input.shape[in++];
      } else {
        out_count *= output[out++];
      }
    }
    int64_t stride = 0, run = 1;
    for (int i = in - 1; i >= in_begin; --i) {
      if (input.shape[i] == 1) continue;
      if (run == 1) stride = input.strides[i];
      if (input.strides[i] != stride * run) return std::nullopt;
      run *= input.shape[i];
    }
    run = 1;
    for (int i = out - 1; i >= out_begin; --i) {
      view.strides[i] = stride * run;
      run *= output[i];
    }
  }
  return view;
}

std::optional<ViewSpec> transpose_view(const TensorMeta& input, const Attrs& attrs, const Shape& output) {
  const Ints& pattern = attrs.as<TransposeAttrs>().pattern;
  ViewSpec view{output, {}, 0};
  int rank = input.rank();
  for (int i = 0; i < rank; ++i) {
    int axis = pattern.empty() ? rank - 1 - i : static_cast<int>(pattern[i]);
    view.strides.push_back(input.strides[axis < 0 ? axis + rank : axis]);
  }
  return view;
}

std::optional<ViewSpec> broadcast_view(const TensorMeta& input, const Attrs&, const Shape& output) {
  ViewSpec view{output, Strides(output.size(), 0), 0};
  int added = output.size() - input.rank();
  for (int i = 0; i < input.rank(); ++i)
    if (input.shape[i] == output[added + i] && input.shape[i] != 1)
      view.strides[added + i] = input.strides[i];
  return view;
}

std::optional<ViewSpec> slice_view(const TensorMeta& input, const Attrs& attrs, const Shape& output) {
  const SliceAttrs& slice = attrs.as<SliceAttrs>();
  ViewSpec view{output, {}, 0};
  bool empty = element_count(output) == 0;
  for (int i = 0; i < input.rank(); ++i) {
    view.strides.push_back(input.strides[i] * slice.stride[i]);
    if (!empty) view.offset += slice.start[i].value() * input.strides[i];
  }
  return view;
}

std::optional<ViewSpec> identity_view(const TensorMeta& input, const Attrs&, const Shape&) {
  return ViewSpec{input.shape, input.strides, 0};
}

std::span<const NamedViewRule> copying_ops() {
  static constexpr NamedViewRule kRules[] = {
      {"reshape", reshape_view}, {"flatten", reshape_view},     {"expand_dims", reshape_view},
      {"squeeze", reshape_view}, {"transpose", transpose_view}, {"broadcast_to", broadcast_view},
      {"slice", slice_view},     {"copy", identity_view},
  };
  return kRules;
}

TensorMeta apply_view(const TensorMeta& meta, const ViewSpec& view) {
  TensorMeta result = meta;
  result.shape = view.shape;
  result.strides = view.strides;
  return result;
}

}  // namespace miai
