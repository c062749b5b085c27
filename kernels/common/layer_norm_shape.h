// A tensor as samples and the last axes over which each is normalised.
#pragma once
#include "kernels/common/tensor_view.h"

namespace miai {

struct LayerNormShape {
  Shape samples, inner;
  Strides sample_strides, inner_strides;

  LayerNormShape(const TensorMeta& meta, int normalized) {
    for (int i = 0; i < meta.rank(); ++i) {
      bool is_inner = i >= meta.rank() - normalized;
      (is_inner ? inner : samples).push_back(meta.shape[i]);
      (is_inner ? inner_strides : sample_strides).push_back(meta.strides[i]);
    }
  }
  int64_t rows() const { return element_count(samples); }
  int64_t count() const { return element_count(inner); }
};

}  // namespace miai
