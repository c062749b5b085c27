#include "kernels/x86/winograd.h"

#include <utility>

#include "kernels/x86/simd.h"
#include "kernels/x86/transpose.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int kWide = kLanes<float>;
constexpr int kTaps = 9;

// ---- one side of a tile ----
// The points of m = 2 are 0, 1, -1 and infinity. For m = 4 the textbook's 0, 1, -1, 2, -2 lose a digit; 0,
// 3/4, -3/4, 3/2, -3/2 keep the error near that of the plain sums, and their products are exact numbers. The
// gradient of the output and of the weight are the transposes of output() and weight().

template <int M>
struct Side;

template <>
struct Side<2> {
  static constexpr int kPoints = winograd_points(2);
  MIAI_INLINE void weight(const Floats* g, Floats* u) {
    Floats even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
    u[0] = g[0], u[1] = even + odd, u[2] = even - odd, u[3] = g[2];
  }
  MIAI_INLINE void input(const Floats* d, Floats* v) {
    v[0] = d[0] - d[2], v[1] = d[1] + d[2], v[2] = d[2] - d[1], v[3] = d[1] - d[3];
  }
  MIAI_INLINE void output(const Floats* m, Floats* y) {
    y[0] = m[0] + m[1] + m[2], y[1] = m[1] - m[2] - m[3];
  }
  MIAI_INLINE void output_gradient(const Floats* y, Floats* m) {
    m[0] = y[0], m[1] = y[0] + y[1], m[2] = y[0] - y[1], m[3] = -y[1];
  }
  MIAI_INLINE void weight_gradient(const Floats* u, Floats* g) {
    Floats even = (u[1] + u[2]) * 0.5f;
    g[0] = u[0] + even, g[1] = (u[1] - u[2]) * 0.5f, g[2] = even + u[3];
  }
};

template <>
struct Side<4> {
  static constexpr int kPoints = winograd_points(4);
  static constexpr float kA = 0.75f, kA2 = kA * kA, kB = 1.5f, kB2 = kB * kB;
  static constexpr float kScale = 1 / (kA2 * kB2);
  static constexpr float kScaleA = 1 / (2 * kA2 * (kA2 - kB2)), kScaleB = 1 / (2 * kB2 * (kB2 - kA2));

  MIAI_INLINE void weight(const Floats* g, Floats* u) {
    Floats even_a = (g[0] + g[2] * kA2) * kScaleA, odd_a = g[1] * (kA * kScaleA);
    Floats even_b = (g[0] + g[2] * kB2) * kScaleB, odd_b = g[1] * (kB * kScaleB);
    u[0] = g[0] * kScale, u[5] = g[2];
    u[1] = even_a + odd_a, u[2] = even_a - odd_a;
    u[3] = even_b + odd_b, u[4] = even_b - odd_b;
  }
  MIAI_INLINE void input(const Floats* d, Floats* v) {
    const Floats a = splat(kA), b = splat(kB), minus_a2 = splat(-kA2), minus_b2 = splat(-kB2);
    const Floats minus_sum = splat(-kA2 - kB2), product = splat(kA2 * kB2);
    Floats even_a = madd(minus_b2, d[2], d[4]), odd_a = madd(minus_b2, d[1], d[3]);
    Floats even_b = madd(minus_a2, d[2], d[4]), odd_b = madd(minus_a2, d[1], d[3]);
    v[0] = madd(product, d[0], madd(minus_sum, d[2], d[4]));
    v[1] = madd(a, odd_a, even_a), v[2] = madd(-a, odd_a, even_a);
    v[3] = madd(b, odd_b, even_b), v[4] = madd(-b, odd_b, even_b);
    v[5] = madd(product, d[1], madd(minus_sum, d[3], d[5]));
  }
  MIAI_INLINE void output(const Floats* m, Floats* y) {
    Floats even_a = m[1] + m[2], odd_a = m[1] - m[2], even_b = m[3] + m[4], odd_b = m[3] - m[4];
    y[0] = m[0] + even_a + even_b;
    y[1] = madd(splat(kA), odd_a, splat(kB) * odd_b);
    y[2] = madd(splat(kA2), even_a, splat(kB2) * even_b);
    y[3] = madd(splat(kA2 * kA), odd_a, madd(splat(kB2 * kB), odd_b, m[5]));
  }
  MIAI_INLINE void output_gradient(const Floats* y, Floats* m) {
    const Floats a = splat(kA), a2 = splat(kA2), b = splat(kB), b2 = splat(kB2);
    Floats even_a = madd(a2, y[2], y[0]), odd_a = madd(a2, y[3], y[1]);
    Floats even_b = madd(b2, y[2], y[0]), odd_b = madd(b2, y[3], y[1]);
    m[0] = y[0], m[5] = y[3];
    m[1] = madd(a, odd_a, even_a), m[2] = madd(-a, odd_a, even_a);
    m[3] = madd(b, odd_b, even_b), m[4] = madd(-b, odd_b, even_b);
  }
  MIAI_INLINE void weight_gradient(const Floats* u, Floats* g) {
    Floats even_a = (u[1] + u[2]) * kScaleA, odd_a = (u[1] - u[2]) * kScaleA;
    Floats even_b = (u[3] + u[4]) * kScaleB, odd_b = (u[3] - u[4]) * kScaleB;
    g[0] = madd(splat(kScale), u[0], even_a + even_b);
    g[1] = madd(splat(kA), odd_a, splat(kB) * odd_b);
    g[2] = madd(splat(kA2), even_a, madd(splat(kB2), even_b, u[5]));
  }
};

// ---- both sides ----

/// Applies `side` to the columns of the square that read(i, j) gives, then to the rows; write(i, j, made).
template <int From, int To, class Read, class MakeSide, class Write>
MIAI_INLINE void both_sides(Read&& read, MakeSide&& side, Write&& write) {
  Floats half[To * From];
#pragma GCC unroll 6
  for (int j = 0; j < From; ++j) {
    Floats column[From], made[To];
#pragma GCC unroll 6
    for (int i = 0; i < From; ++i) column[i] = read(i, j);
    side(column, made);
#pragma GCC unroll 6
    for (int i = 0; i < To; ++i) half[i * From + j] = made[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < To; ++i) {
    Floats made[To];
    side(half + i * From, made);
#pragma GCC unroll 6
    for (int j = 0; j < To; ++j) write(i, j, made[j]);
  }
}

template <int M>
void weight(const WinogradWeight& t) {
  constexpr int kPoints = Side<M>::kPoints;
  alignas(kVectorBytes) float taps[kTaps][kWide] = {};
  for (int i = 0; i < t.count; ++i)
    for (int k = 0; k < kTaps; ++k) taps[k][i] = t.weight[i * t.out + (t.flipped ? kTaps - 1 - k : k)];
  both_sides<3, kPoints>([&](int i, int j) { return load(taps[i * 3 + j]); }, Side<M>::weight,
                         [&](int i, int j, Floats u) { store(t.to + (i * kPoints + j) * t.plane, u); });
}

template <int M>
void panel(const WinogradPanel& given) {
  const WinogradPanel t = given;  // no store can be to it
  constexpr int kPoints = Side<M>::kPoints;
  const int64_t row = t.vectors * kWide, first = t.flipped ? (kTaps - 1) * row : 0,
                next = t.flipped ? -row : row;
  for (int64_t c = 0; c < t.channels; ++c)
    for (int64_t j = 0; j < row; j += kWide) {
      const float* taps = t.taps + c * kTaps * row + first + j;
      float* to = t.to + c * row + j;
      both_sides<3, kPoints>([&](int i, int k) { return load(taps + (i * 3 + k) * next); }, Side<M>::weight,
                             [&](int i, int k, Floats u) { store(to + (i * kPoints + k) * t.plane, u); });
    }
}

/// Makes points of From x From pixels.
template <int From, int Points, class MakeSide>
MIAI_INLINE void make_points(const WinogradInput& t, MakeSide&& side) {
  auto make_vector = [&](int64_t c, auto&& read) {
    both_sides<From, Points>(
        [&](int i, int j) { return read(t.pixels[i * From + j] + c); }, side,
        [&](int i, int j, Floats v) { store(t.to + (i * Points + j) * t.plane + c, v); });
  };
  int64_t c = 0;
  for (; c + kWide <= t.channels; c += kWide) make_vector(c, load<float>);
  const int rest = static_cast<int>(t.channels - c);
  if (rest) make_vector(c, [&](const float* p) { return load_some(p, rest); });
}

template <int M>
void input(const WinogradInput& t) {
  make_points<Side<M>::kPoints, Side<M>::kPoints>(t, Side<M>::input);
}

template <int M>
void output_gradient(const WinogradInput& t) {
  make_points<M, Side<M>::kPoints>(t, Side<M>::output_gradient);
}

template <int M, class Read, class Write>
MIAI_INLINE void output_vector(const WinogradOutput& t, int64_t c, Read&& read, Write&& write) {
  constexpr int kPoints = Side<M>::kPoints;
  const Floats low = splat(t.low), high = splat(t.high), bias = t.bias ? read(t.bias + c) : Floats{};
  both_sides<kPoints, M>([&](int i, int j) { return load(t.from + (i * kPoints + j) * t.plane + c); },
                         Side<M>::output,
                         [&](int i, int j, Floats y) {
                           float* to = t.pixels[i * M + j];
                           if (!to) return;
                           y += bias;
                           if (t.z) y += read(t.z[i * M + j] + c);
                           y = y < low ? low : y;  // NaN stays
                           write(to + c, y > high ? high : y);
                         });
}

template <int M>
void output(const WinogradOutput& t) {
  int64_t c = 0;
  for (; c + kWide <= t.channels; c += kWide) output_vector<M>(t, c, load<float>, store<float>);
  const int rest = static_cast<int>(t.channels - c);
  if (rest)
    output_vector<M>(
        t, c, [&](const float* p) { return load_some(p, rest); },
        [&](float* p, Floats v) { store_some(p, v, rest); });
}

// ---- sums over channels ----

#if defined(__AVX512F__)
constexpr int kMostRows = 14;  // of 32 registers
#else
constexpr int kMostRows = 6;  // of 16 registers
#endif

template <int Vectors, int Rows>
void multiply_tile(const WinogradProduct& p, const float* v, const float* u, float* m) {
  Floats sum[Rows][Vectors] = {};
  for (int64_t c = 0; c < p.channels; ++c, u += Vectors * kWide) {
    Floats right[Vectors];
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) right[j] = load(u + j * kWide);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      Floats left = splat(v[i * p.v_row + c]);
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) sum[i][j] = madd(left, right[j], sum[i][j]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) {
      float* to = m + i * p.m_row + j * kWide;
      store(to, p.adds ? load(to) + sum[i][j] : sum[i][j]);
    }
}

template <int Vectors, int Rows>
void multiply_tile(const WinogradTileProduct& p, const float* v, const float* m, float* u) {
  Floats sum[Rows][Vectors] = {};
  for (int64_t t = 0; t < p.tiles; ++t, v += p.v_row, m += p.m_row) {
    Floats right[Vectors];
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) right[j] = load(m + j * kWide);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      Floats left = splat(v[i]);
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) sum[i][j] = madd(left, right[j], sum[i][j]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) {
      float* to = u + i * p.u_row + j * kWide;
      store(to, p.adds ? load(to) + sum[i][j] : sum[i][j]);
    }
}

template <class Product, int Vectors, class Rows>
struct Tiles;
template <class Product, int Vectors, int... Rows>
struct Tiles<Product, Vectors, std::integer_sequence<int, Rows...>> {
  static constexpr void (*of[])(const Product&, const float*, const float*,
                                float*) = {multiply_tile<Vectors, Rows + 1>...};
};

/// Calls run(tile, row, column) for the tiles of rows x vectors; rows are cut into tiles of nearly the same
/// number.
template <class Product, class F>
void for_each_tile(const Product& p, F&& run) {
  using Rows = std::make_integer_sequence<int, kMostRows>;
  const int64_t tiles = (p.rows + kMostRows - 1) / kMostRows;
  for (int64_t j = 0; j < p.vectors; j += 2) {
    const auto* of = j + 2 <= p.vectors ? Tiles<Product, 2, Rows>::of : Tiles<Product, 1, Rows>::of;
    for (int64_t i = 0; i < tiles; ++i) {
      const int64_t begin = i * p.rows / tiles, end = (i + 1) * p.rows / tiles;
      run(of[end - begin - 1], begin, j * kWide);
    }
  }
}

void multiply(const WinogradProduct& p) {
  for_each_tile(p, [&](auto tile, int64_t row, int64_t column) {
    tile(p, p.v + row * p.v_row, p.u + column * p.channels, p.m + row * p.m_row + column);
  });
}

void multiply_over_tiles(const WinogradTileProduct& p) {
  for_each_tile(p, [&](auto tile, int64_t row, int64_t column) {
    tile(p, p.v + row, p.m + column, p.u + row * p.u_row + column);
  });
}

// ---- the gradient of a weight ----

template <int M>
void taps(const WinogradTaps& t) {
  constexpr int kPoints = Side<M>::kPoints;
  alignas(kVectorBytes) float made[kTaps][kWide];
  both_sides<kPoints, 3>([&](int i, int j) { return load(t.from + (i * kPoints + j) * t.plane); },
                         Side<M>::weight_gradient,
                         [&](int i, int j, Floats g) { store(made[i * 3 + j], g); });
  transpose(made[0], kWide, kTaps, t.count, t.weight, t.out);
}

}  // namespace

extern const WinogradLoops winograd_loops;
constexpr WinogradLoops winograd_loops = {.lanes = kWide,
                                          .rows = kMostRows,
                                          .weight = {weight<2>, weight<4>},
                                          .panel = {panel<2>, panel<4>},
                                          .input = {input<2>, input<4>},
                                          .output = {output<2>, output<4>},
                                          .multiply = multiply,
                                          .output_gradient = {output_gradient<2>, output_gradient<4>},
                                          .multiply_over_tiles = multiply_over_tiles,
                                          .taps = {taps<2>, taps<4>}};

}  // namespace miai::kernels::MIAI_ISA
