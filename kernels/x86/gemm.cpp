#include "kernels/x86/gemm.h"

#include <algorithm>
#include <type_traits>

#include "kernels/common/parallel.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {
namespace {

constexpr int64_t kDepth = 256;              // of the sums that are made at a time: panels stay in the caches
constexpr int64_t kSmall = 2 * 1024;         // products below which packing costs more than it saves
constexpr int64_t kThreadWork = 128 * 1024;  // products that are worth a thread
constexpr int64_t kLargestTile = 64;         // of any instruction set
constexpr int64_t kStrip = 8;                // panels that a thread packs and multiplies at a time

/// Each packed element would be used once or twice, or there are few of them.
bool is_small(int64_t m, int64_t n, int64_t k) { return m <= 2 || n <= 2 || m * n * k <= kSmall; }
int64_t panels(int64_t size, int width) { return (size + width - 1) / width; }

/// One stretch of the sums: packs b whole, then rows of a as they are needed; or the other way round.
template <class T>
struct Depth {
  const Gemm<T>& g;
  const GemmLoops<T>& loop;
  const KernelContext& context;
  int64_t begin, depth;
  T *left, *right;  // packed

  void pack_rows(int64_t first, int64_t last) const {
    int64_t i = first * loop.rows, count = std::min(last * loop.rows, g.m) - i;
    loop.pack_a(g.a + i * g.a_row + begin * g.a_col, g.a_row, g.a_col, count, depth, left + i * depth);
  }
  void pack_columns(int64_t first, int64_t last) const {
    int64_t j = first * loop.columns, count = std::min(last * loop.columns, g.n) - j;
    loop.pack_b(g.b + begin * g.b_row + j * g.b_col, g.b_row, g.b_col, depth, count, right + j * depth);
  }
  /// Tiles of these panels of rows and columns.
  void multiply(int64_t row, int64_t last_row, int64_t column, int64_t last_column) const {
    int64_t i = row * loop.rows, j = column * loop.columns;
    int64_t m = std::min(last_row * loop.rows, g.m) - i, n = std::min(last_column * loop.columns, g.n) - j;
    loop.multiply(left + i * depth, right + j * depth, g.c + i * g.c_row + j, g.c_row, m, n, depth,
                  g.accumulate || begin > 0);
  }

  void run() const {
    int64_t rows = panels(g.m, loop.rows), columns = panels(g.n, loop.columns);
    int64_t work = g.m * g.n * depth;
    auto grain = [&](int64_t count) {
      return std::max<int64_t>(1, count * kThreadWork / std::max<int64_t>(work, 1));
    };
    if (rows >= columns) {
      parallel_for(0, columns, grain(columns), [&](int64_t b, int64_t e) { pack_columns(b, e); });
      parallel_for(0, rows, grain(rows), [&](int64_t b, int64_t e) {
        for (int64_t r = b; r < e && !context.is_cancelled(); r += kStrip) {
          int64_t last = std::min(r + kStrip, e);
          pack_rows(r, last);
          multiply(r, last, 0, columns);
        }
      });
    } else {
      parallel_for(0, rows, grain(rows), [&](int64_t b, int64_t e) { pack_rows(b, e); });
      parallel_for(0, columns, grain(columns), [&](int64_t b, int64_t e) {
        for (int64_t c = b; c < e && !context.is_cancelled(); c += kStrip) {
          int64_t last = std::min(c + kStrip, e);
          pack_columns(c, last);
          multiply(0, rows, c, last);
        }
      });
    }
  }
};

}  // namespace

template <class T>
const GemmLoops<T>& gemm_loops() {
  if constexpr (std::is_same_v<T, float>)
    return choose_isa(baseline::gemm_float, avx2::gemm_float, avx512::gemm_float);
  else
    return choose_isa(baseline::gemm_double, avx2::gemm_double, avx512::gemm_double);
}

template <class T>
size_t gemm_workspace(int64_t m, int64_t n, int64_t k) {
  if (is_small(m, n, k)) return 0;
  int64_t elements = (m + kLargestTile + n + kLargestTile) * std::min(k, kDepth);
  return static_cast<size_t>(elements) * sizeof(T) + 128;
}

template <class T>
void gemm(const Gemm<T>& g, void* workspace, const KernelContext& context) {
  if (g.m == 0 || g.n == 0) return;
  if (is_small(g.m, g.n, g.k)) return gemm_loops<T>().small(g);
  const GemmLoops<T>& loop = gemm_loops<T>();
  T* left = static_cast<T*>(workspace);
  T* right = left + panels(g.m, loop.rows) * loop.rows * std::min(g.k, kDepth);
  for (int64_t p = 0; p < g.k && !context.is_cancelled(); p += kDepth)
    Depth<T>{g, loop, context, p, std::min(kDepth, g.k - p), left, right}.run();
}

template const GemmLoops<float>& gemm_loops<float>();
template const GemmLoops<double>& gemm_loops<double>();
template size_t gemm_workspace<float>(int64_t, int64_t, int64_t);
template size_t gemm_workspace<double>(int64_t, int64_t, int64_t);
template void gemm<float>(const Gemm<float>&, void*, const KernelContext&);
template void gemm<double>(const Gemm<double>&, void*, const KernelContext&);

}  // namespace miai::kernels
