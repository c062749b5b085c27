// The operands of fused_attention as heads: matrices that lie anywhere.
#pragma once

#include "kernels/common/attrs/fused_attention.h"
#include "kernels/common/kernel.h"

namespace miai::kernels {

/// One operand: matrices of a batch, of which each has rows and columns. Strides are 0 where it broadcasts.
struct HeadOperand {
  Shape batch;
  Strides batch_strides;
  int64_t row = 0, column = 0;  // strides

  /// `batch`: of the query; the operand's own may be shorter, or have sizes of 1.
  HeadOperand(const TensorMeta& meta, const Shape& query_batch) : batch(query_batch) {
    const int rank = meta.rank(), extra = batch.size() + 2 - rank;
    auto stride = [&](int d) { return d < 0 || meta.shape[d] == 1 ? 0 : meta.strides[d]; };
    for (int d = 0; d < batch.size(); ++d) batch_strides.push_back(stride(d - extra));
    row = rank > 1 ? stride(rank - 2) : 0, column = rank > 0 ? stride(rank - 1) : 0;
  }
  int64_t offset(int64_t head) const {
    int64_t offset = 0;
    for (int d = batch.size() - 1; d >= 0; --d) {
      offset += head % batch[d] * batch_strides[d];
      head /= batch[d];
    }
    return offset;
  }
};

struct AttentionShape {
  Shape batch;
  int64_t heads = 1, queries = 0, keys = 0, features = 0, out = 0;

  explicit AttentionShape(const KernelSignature& s) : AttentionShape(s.inputs[0], s.inputs[2]) {}
  AttentionShape(const TensorMeta& query, const TensorMeta& value) {
    const int last = query.rank() - 1;
    for (int d = 0; d + 1 < last; ++d) batch.push_back(query.shape[d]);
    heads = element_count(batch);
    queries = query.shape[last - 1], features = query.shape[last];
    keys = value.shape[last - 1], out = value.shape[last];
  }
};

}  // namespace miai::kernels
