#include "kernels/x86/panel_product.h"

#include <algorithm>

#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/transpose.h"

namespace miai::kernels {
namespace {

constexpr int64_t kRowBytes = 512 * 1024;    // of x and y that stay in the second-level cache beside a panel
constexpr int64_t kThreadWork = 128 * 1024;  // products that are worth a thread
constexpr int64_t kTilesOfAThread = 16;      // below, one tile more or less is noticed

/// The rows of a product in tiles, a line after the other.
struct Product {
  const Panels& panels;
  const PanelOperands& o;
  const KernelContext& context;

  int64_t line_tiles() const { return divide_up(o.rows, panels.loops().rows); }
  int64_t tiles() const { return o.lines * line_tiles(); }
  /// Products of a tile with all panels.
  int64_t tile_work() const { return o.rows * panels.k() * panels.columns() / line_tiles() + 1; }

  /// Tiles [begin, end) of one line times one panel.
  void multiply(int64_t line, int64_t begin, int64_t end, int64_t panel) const {
    const int64_t first = begin * o.rows / line_tiles(), last = end * o.rows / line_tiles();
    const int64_t column = panels.first(panel), columns = panels.columns();
    const int64_t y = (line * o.rows + first) * columns + column;
    panels.loops().multiply[panels.units(panel) - 1](
        {last - first, panels.k(), columns - column, o.x + line * o.line + first * o.row, o.row,
         o.packed + column * panels.k(), o.bias ? o.bias + column : nullptr, o.z ? o.z + y : nullptr, o.y + y,
         columns, o.least, o.most});
  }

  /// Calls body(line, begin, end) for tiles [begin, end), at most `most` at a time.
  template <class F>
  void for_each_stretch(int64_t begin, int64_t end, int64_t most, F&& body) const {
    for (int64_t tile = begin; tile < end && !context.is_cancelled();) {
      const int64_t line = tile / line_tiles(), of_line = tile % line_tiles();
      const int64_t count = std::min({most, end - tile, line_tiles() - of_line});
      body(line, of_line, of_line + count);
      tile += count;
    }
  }

  /// Each thread has rows of its own: probably those that it made in the step before.
  void run_rows() const {
    const int64_t row_bytes = (panels.k() + panels.columns()) * static_cast<int64_t>(sizeof(float));
    const int64_t most = std::max<int64_t>(1, kRowBytes / (panels.loops().rows * row_bytes));
    parallel_for(0, tiles(), divide_up(kThreadWork, tile_work()), [&](int64_t begin, int64_t end) {
      for_each_stretch(begin, end, most, [&](int64_t line, int64_t first, int64_t last) {
        for (int64_t panel = 0; panel < panels.count(); ++panel) multiply(line, first, last, panel);
      });
    });
  }

  /// Few rows: tiles of all panels in one sequence, so that threads get the same number.
  void run_columns() const {
    const int64_t rows = tiles();
    const int64_t grain = divide_up(kThreadWork * panels.count(), tile_work());
    parallel_for(0, panels.count() * rows, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end;) {
        const int64_t panel = i / rows, first = i % rows, last = std::min(rows, first + end - i);
        for_each_stretch(first, last, rows,
                         [&](int64_t line, int64_t from, int64_t to) { multiply(line, from, to, panel); });
        i += last - first;
      }
    });
  }
};

}  // namespace

Panels::Panels(int64_t k, int64_t columns)
    : loops_(&choose_isa(baseline::panel_loops, avx2::panel_loops, avx512::panel_loops)),
      k_(k),
      columns_(columns),
      units_(divide_up(columns, loops_->unit)),
      count_(divide_up(units_, loops_->most_units)) {}

void Panels::pack(const float* matrix, bool of_columns, int64_t stride, float* packed) const {
  parallel_for(0, count_, divide_up(kThreadWork, k_ * loops_->unit * loops_->most_units + 1),
               [&](int64_t begin, int64_t end) {
                 for (int64_t panel = begin; panel < end; ++panel) {
                   const int64_t column = first(panel), width = units(panel) * loops_->unit;
                   const int64_t used = std::min(width, columns_ - column);
                   float* to = packed + column * k_;
                   if (used < width) std::fill_n(to, width * k_, 0.0f);
                   if (of_columns) {
                     transpose_function()(matrix + column * stride, stride, used, k_, to, width);
                   } else {
                     for (int64_t p = 0; p < k_; ++p)
                       std::copy_n(matrix + p * stride + column, used, to + p * width);
                   }
                 }
               });
}

void multiply_by_panels(const Panels& panels, const PanelOperands& operands, const KernelContext& context) {
  if (operands.lines * operands.rows == 0 || panels.columns() == 0) return;
  const Product product{panels, operands, context};
  if (product.tiles() >= kTilesOfAThread * thread_count())
    product.run_rows();
  else
    product.run_columns();
}

}  // namespace miai::kernels
