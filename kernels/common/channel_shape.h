// An (n, c) or (n, c, h, w) tensor as (n, c, h, w): what kernels that work channel by channel walk.
#pragma once
#include "kernels/common/tensor_view.h"

namespace miai {

struct ChannelShape {
  int64_t n, c, h, w;
  Strides strides;  // of n, c, h, w

  explicit ChannelShape(const TensorMeta& meta)
      : n(meta.shape[0]), c(meta.shape[1]), h(1), w(1), strides{meta.strides[0], meta.strides[1], 0, 0} {
    if (meta.rank() < 4) return;
    h = meta.shape[2], w = meta.shape[3];
    strides[2] = meta.strides[2], strides[3] = meta.strides[3];
  }
  int64_t count() const { return n * h * w; }  // elements of a channel
  int64_t offset(int64_t in, int64_t ic, int64_t ih, int64_t iw) const {
    return in * strides[0] + ic * strides[1] + ih * strides[2] + iw * strides[3];
  }
};

}  // namespace miai
