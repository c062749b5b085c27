// What kernels of embedding_update have in common.
#pragma once
#include <vector>

#include "kernels/common/attrs/embedding_update.h"
#include "kernels/common/kernel.h"
#include "kernels/common/row_indices.h"

namespace miai {

/// What the program reads: the gradient, as if it lay in memory, then the inputs after dy and inp.
inline std::vector<TensorMeta> program_operands(const KernelSignature& s) {
  const Dim& rows = s.attrs.as<EmbeddingUpdateAttrs>().num_embeddings;
  const TensorMeta& dy = s.inputs[0];
  std::vector<TensorMeta> operands{dense_meta(dy.dtype, {rows.value(), dy.shape.back()})};
  operands.insert(operands.end(), s.inputs.begin() + 2, s.inputs.end());
  return operands;
}

/// Reads the indices into the workspace, where kernels have them first.
inline void check_rows(const KernelArgs& args) {
  int64_t rows = args.attrs_as<EmbeddingUpdateAttrs>().num_embeddings.value();
  read_rows("embedding_update", args.inputs[1], rows, static_cast<int64_t*>(args.workspace));
}

}  // namespace miai
