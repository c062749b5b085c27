// Products of rows with a matrix that lies in panels: columns that are summed side by side. Every element is
// one sum in the order of k, so neither the cut nor the number of threads changes a bit.
#pragma once
#include <cstdint>
#include <limits>

#include "kernels/common/kernel.h"

namespace miai::kernels {

/// Some rows times one panel: y[i, j] = sum over p of x[i, p] * panel[p, j] + bias[j] + z[i, j], held between
/// `least` and `most`. Rows have no gaps.
struct PanelRows {
  int64_t rows, k, columns;
  const float* x;
  int64_t x_row;       // from one row to the next
  const float* panel;  // [k][whole units of columns]
  const float* bias;   // nullptr: none
  const float* z;      // as y; nullptr: none
  float* y;
  int64_t y_row;
  float least, most;
};

/// Those of one instruction set (panel_product.isa.cpp). Panels are whole units of columns wide.
struct PanelLoops {
  int rows;                                   // that are summed side by side
  int unit;                                   // columns
  int most_units;                             // of a panel
  void (*const* multiply)(const PanelRows&);  // [units - 1]
};

namespace baseline {
extern const PanelLoops panel_loops;
}
namespace avx2 {
extern const PanelLoops panel_loops;
}
namespace avx512 {
extern const PanelLoops panel_loops;
}

/// A matrix of k rows in panels of nearly the same width.
class Panels {
 public:
  Panels() = default;
  Panels(int64_t k, int64_t columns);
  int64_t k() const { return k_; }
  int64_t columns() const { return columns_; }
  int64_t count() const { return count_; }
  int64_t elements() const { return units_ * loops_->unit * k_; }
  int64_t first(int64_t panel) const { return first_unit(panel) * loops_->unit; }
  int64_t units(int64_t panel) const { return first_unit(panel + 1) - first_unit(panel); }
  const PanelLoops& loops() const { return *loops_; }

  /// From a matrix whose columns (`of_columns`) or whose rows have no gaps; the others are `stride` apart.
  void pack(const float* matrix, bool of_columns, int64_t stride, float* packed) const;

 private:
  int64_t first_unit(int64_t panel) const { return panel * units_ / count_; }

  const PanelLoops* loops_ = nullptr;
  int64_t k_ = 0, columns_ = 0, units_ = 0, count_ = 0;
};

/// Rows of x in lines: row i of line l is at x[l * line + i * row]. The rows of y follow each other.
struct PanelOperands {
  int64_t lines, rows;
  const float* x;
  int64_t line, row;
  const float* packed;
  const float* bias = nullptr;
  const float* z = nullptr;
  float* y;
  float least = -std::numeric_limits<float>::infinity(), most = std::numeric_limits<float>::infinity();
};

/// Uses the threads at hand; stops half-way when cancelled.
void multiply_by_panels(const Panels& panels, const PanelOperands& operands, const KernelContext& context);

}  // namespace miai::kernels
