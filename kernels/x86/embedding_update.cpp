// Sums the rows of an embedding's gradient tile by tile, as the program that reads it comes to them.
#include <algorithm>
#include <cstring>

#include "kernels/common/embedding_update.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/x86/tile_runner.h"

namespace miai::kernels {
namespace {

/// The rows of dy by the row they are added to: of row r those at offsets[starts[r]] to offsets[starts[r +
/// 1]], in the order in which they came.
struct OrderedRows {
  int64_t* offsets = nullptr;  // in dy, in elements
  int64_t* starts = nullptr;
  int64_t count = 0;
};

/// The workspace holds the rows of all indices, then what OrderedRows refers to.
size_t workspace_bytes(int64_t indices, int64_t rows) {
  return static_cast<size_t>(2 * indices + rows + 1) * sizeof(int64_t);
}

/// A counting sort: it keeps the order of equal ones.
OrderedRows order_rows(const TensorView& dy, const TensorView& index, int64_t rows, int64_t skip,
                       void* workspace) {
  const auto* row = static_cast<const int64_t*>(workspace);
  const int64_t n = index.size();
  OrderedRows ordered{static_cast<int64_t*>(workspace) + n, static_cast<int64_t*>(workspace) + 2 * n};
  std::fill_n(ordered.starts, rows + 1, 0);
  int64_t* ends = ordered.starts + 1;
  for (int64_t i = 0; i < n; ++i)
    if (row[i] != skip) ++ends[row[i]];
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t begin = ordered.count;
    ordered.count += ends[r];
    ends[r] = begin;
  }
  Odometer<1> at(index.shape, {dy.strides});
  for (int64_t i = 0; i < n; ++i, at.next())
    if (row[i] != skip) ordered.offsets[ends[row[i]]++] = at.offset(0);
  return ordered;
}

/// The elements [begin, begin + n) of the gradient.
template <class T>
void sum_tile(const OrderedRows& ordered, const TensorView& dy, T* tile, int64_t begin, int64_t n) {
  const int64_t width = dy.shape.back(), end = begin + n;
  std::memset(static_cast<void*>(tile), 0, static_cast<size_t>(n) * sizeof(T));
  for (int64_t r = begin / width; r * width < end; ++r) {
    const int64_t first = std::max(begin, r * width), columns = std::min(end, (r + 1) * width) - first;
    T* to = tile + (first - begin);
    for (int64_t k = ordered.starts[r]; k < ordered.starts[r + 1]; ++k) {
      const T* from = dy.as<T>() + ordered.offsets[k] + (first - r * width);
      for (int64_t c = 0; c < columns; ++c) to[c] = add_values(to[c], from[c]);
    }
  }
}

Support supports(const KernelSignature& s) {
  const TensorMeta& dy = s.inputs[0];
  if (dy.strides.back() != 1 && dy.shape.back() != 1) return Support::no("rows of 'dy' with gaps");
  const std::vector<TensorMeta> operands = program_operands(s);
  return supports_tiles(s.attrs.as<EmbeddingUpdateAttrs>().program, {s.outputs, operands, 0});
}

Prepared prepare(const KernelSignature& s) {
  const auto& attrs = s.attrs.as<EmbeddingUpdateAttrs>();
  const std::vector<TensorMeta> operands = program_operands(s);
  TileProgram program = make_tile_program(attrs.program, {s.outputs, operands, 0});
  return {std::make_shared<const TileProgram>(std::move(program)),
          workspace_bytes(s.inputs[1].size(), attrs.num_embeddings.value())};
}

void run(const KernelArgs& args) {
  const auto& program = args.state_as<TileProgram>();
  const auto& attrs = args.attrs_as<EmbeddingUpdateAttrs>();
  const TensorView& dy = args.inputs[0];
  const int64_t rows = attrs.num_embeddings.value();
  check_rows(args);
  OrderedRows ordered =
      order_rows(dy, args.inputs[1], rows, padding_row(attrs.padding_idx, rows), args.workspace);
  auto make = [&](void* tile, int64_t begin, int64_t n) {
    visit_dtype(dy.dtype, [&]<class T>() { sum_tile(ordered, dy, static_cast<T*>(tile), begin, n); });
  };
  const TileSource source = make;
  // what is added is work as well
  const int64_t grain = std::max<int64_t>(1, kTileGrain * rows / std::max<int64_t>(1, rows + ordered.count));
  parallel_for(0, program.loop.size, grain, [&](int64_t begin, int64_t end) {
    TileRunner(program, args.inputs.subspan(1), args.outputs, args.context, &source).run(begin, end);
  });
}

}  // namespace

void register_x86_embedding_update(KernelTable& table) {
  Kernel kernel;
  kernel.op = "embedding_update";
  kernel.name = "x86/embedding_update";
  kernel.supports = supports;
  kernel.prepare = prepare;
  kernel.run = run;
  kernel.check = check_rows;
  table.add(std::move(kernel));
}

}  // namespace miai::kernels
