// Rows of a table by index, and the sum of gradients back into the rows.
#include "kernels/common/attrs/index.h"
#include "kernels/common/bounds.h"
#include "kernels/common/convert_scalar.h"
#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

/// The indices in row-major order, checked, in the workspace.
void read_indices(const KernelArgs& args, std::string_view op, std::string_view argument,
                  const TensorView& index, int64_t rows) {
  auto* to = static_cast<int64_t*>(args.workspace);
  visit_int(index.dtype, [&]<class T>() {
    for_each_offset(
        index.shape,
        [&](int64_t from) {
          int64_t row = index.as<T>()[from];
          if (row < 0 || row >= rows) raise_bounds(op, argument, row, 0, 0, rows);
          *to++ = row;
        },
        index.strides);
  });
}

void run_embedding(const KernelArgs& args) {
  const TensorView &index = args.inputs[0], &weight = args.inputs[1], &out = args.outputs[0];
  read_indices(args, "embedding", "inp", index, weight.shape[0]);
  const auto* rows = static_cast<const int64_t*>(args.workspace);
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

/// Each thread sums its columns over all indices in order, so that threads change no bit.
void run_embedding_backward(const KernelArgs& args) {
  const TensorView &dy = args.inputs[0], &index = args.inputs[1], &out = args.outputs[0];
  read_indices(args, "embedding_backward", "inp", index, out.shape[0]);
  const auto* rows = static_cast<const int64_t*>(args.workspace);
  const auto& padding = args.attrs_as<EmbeddingBackwardAttrs>().padding_idx;
  int64_t skip = padding ? (*padding < 0 ? *padding + out.shape[0] : *padding) : -1;
  visit_dtype(out.dtype, [&]<class T>() {
    parallel_for(0, out.shape[1], 64, [&](int64_t begin, int64_t end) {
      for (int64_t r = 0; r < out.shape[0]; ++r)
        for (int64_t c = begin; c < end; ++c)
          out.as<T>()[r * out.strides[0] + c * out.strides[1]] = from_double<T>(0);
      Odometer<1> at(index.shape, {dy.strides});
      for (int64_t i = 0, n = index.size(); i < n; ++i, at.next()) {
        if (rows[i] == skip) continue;
        T* to = out.as<T>() + rows[i] * out.strides[0];
        const T* from = dy.as<T>() + at.offset(0);
        for (int64_t c = begin; c < end; ++c)
          to[c * out.strides[1]] = add_values(to[c * out.strides[1]], from[c * dy.strides.back()]);
      }
    });
  });
}

PrepareFunction workspace_for(int index_input) {
  return [index_input](const KernelSignature& s) {
    return Prepared{nullptr, static_cast<size_t>(s.inputs[index_input].size()) * sizeof(int64_t)};
  };
}

}  // namespace

void register_reference_embedding(KernelTable& table) {
  table.add(reference_kernel("embedding", run_embedding, workspace_for(0)));
  table.add(reference_kernel("embedding_backward", run_embedding_backward, workspace_for(1)));
}

}  // namespace miai::kernels
