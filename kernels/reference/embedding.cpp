// Rows of a table by index, and the sum of gradients back into the rows.
#include "kernels/reference/embedding.h"

#include "kernels/common/attrs/index.h"
#include "kernels/common/convert_scalar.h"
#include "kernels/common/parallel.h"
#include "kernels/common/row_indices.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

void run_embedding(const KernelArgs& args) {
  const TensorView &index = args.inputs[0], &weight = args.inputs[1], &out = args.outputs[0];
  auto* rows = static_cast<int64_t*>(args.workspace);
  read_rows("embedding", index, weight.shape[0], rows);
  int64_t width = weight.shape[1], from_step = weight.strides[1], to_step = out.strides.back();
  int64_t grain = std::max<int64_t>(1, (int64_t{1} << 14) / std::max<int64_t>(1, width));
  visit_size(dtype_size(out.dtype), [&]<class T>() {
    parallel_for(0, index.size(), grain, [&](int64_t begin, int64_t end) {
      Odometer<1> at(index.shape, {out.strides});
      at.seek(begin);
      for (int64_t i = begin; i < end; ++i, at.next()) {
        const T* from = weight.as<T>() + rows[i] * weight.strides[0];
        T* to = out.as<T>() + at.offset(0);
        if (from_step == 1 && to_step == 1) {
          std::memcpy(to, from, static_cast<size_t>(width) * sizeof(T));
        } else {
          for (int64_t c = 0; c < width; ++c) to[c * to_step] = from[c * from_step];
        }
      }
    });
  });
}

void run_embedding_backward(const KernelArgs& args) {
  const TensorView &dy = args.inputs[0], &index = args.inputs[1], &out = args.outputs[0];
  auto* rows = static_cast<int64_t*>(args.workspace);
  read_rows("embedding_backward", index, out.shape[0], rows);
  const auto& padding = args.attrs_as<EmbeddingBackwardAttrs>().padding_idx;
  sum_into_rows(dy, index.shape, rows, padding_row(padding, out.shape[0]), out);
}

PrepareFunction workspace_for(int index_input) {
  return [index_input](const KernelSignature& s) {
    return Prepared{nullptr, static_cast<size_t>(s.inputs[index_input].size()) * sizeof(int64_t)};
  };
}

}  // namespace

/// Each thread sums its columns over all indices in order, so that threads change no bit.
void sum_into_rows(const TensorView& dy, const Shape& index, const int64_t* rows, int64_t skip,
                   const TensorView& out) {
  visit_dtype(out.dtype, [&]<class T>() {
    parallel_for(0, out.shape[1], 64, [&](int64_t begin, int64_t end) {
      for (int64_t r = 0; r < out.shape[0]; ++r)
        for (int64_t c = begin; c < end; ++c)
          out.as<T>()[r * out.strides[0] + c * out.strides[1]] = from_double<T>(0);
      Odometer<1> at(index, {dy.strides});
      for (int64_t i = 0, n = element_count(index); i < n; ++i, at.next()) {
        if (rows[i] == skip) continue;
        T* to = out.as<T>() + rows[i] * out.strides[0];
        const T* from = dy.as<T>() + at.offset(0);
        for (int64_t c = begin; c < end; ++c)
          to[c * out.strides[1]] = add_values(to[c * out.strides[1]], from[c * dy.strides.back()]);
      }
    });
  });
}

void register_reference_embedding(KernelTable& table) {
  table.add(reference_kernel("embedding", run_embedding, workspace_for(0)));
  table.add(reference_kernel("embedding_backward", run_embedding_backward, workspace_for(1)));
}

}  // namespace miai::kernels
