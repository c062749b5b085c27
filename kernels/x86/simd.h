// Vectors for <stem>.isa.cpp files. Everything here is inlined by force, so that no instruction set's code is
// linked for another's.
#pragma once
// GCC 12 warns of values that its own intrinsics leave undefined.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <cstdint>
#include <utility>

#define MIAI_INLINE static inline __attribute__((always_inline))

namespace miai::kernels::MIAI_ISA {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

typedef float Floats __attribute__((vector_size(kVectorBytes)));
typedef double Doubles __attribute__((vector_size(kVectorBytes)));
typedef float LooseFloats __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
typedef double LooseDoubles __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef Floats Type;
  typedef LooseFloats Loose;
};
template <>
struct VectorOf<double> {
  typedef Doubles Type;
  typedef LooseDoubles Loose;
};
template <class T>
using Vector = typename VectorOf<T>::Type;
template <class T>
inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

template <class T>
MIAI_INLINE Vector<T> load(const T* p) {
  return *reinterpret_cast<const typename VectorOf<T>::Loose*>(p);
}
template <class T>
MIAI_INLINE void store(T* p, Vector<T> v) {
  *reinterpret_cast<typename VectorOf<T>::Loose*>(p) = v;
}
template <class T>
MIAI_INLINE Vector<T> splat(T x) {
  return x - Vector<T>{};  // less 0 is nothing to do, and 0 + x would be a sum: it changes -0
}

/// What was read stays in a register: GCC would read it from memory again for each of its uses.
template <class V>
MIAI_INLINE V in_register(V v) {
  asm("" : "+v"(v));
  return v;
}

/// The first `count` lanes from memory, 0 in the others.
MIAI_INLINE Floats load_some(const float* p, int count) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
#else
  float lanes[kLanes<float>] = {};
  for (int i = 0; i < count; ++i) lanes[i] = p[i];
  return load(lanes);
#endif
}
MIAI_INLINE void store_some(float* p, Floats v, int count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), (__m512)v);
#else
  for (int i = 0; i < count; ++i) p[i] = v[i];
#endif
}

/// a * b + c, rounded once where the instruction set can.
MIAI_INLINE float madd(float a, float b, float c) {
#ifdef __FMA__
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
MIAI_INLINE double madd(double a, double b, double c) {
#ifdef __FMA__
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}
MIAI_INLINE Floats madd(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__)
  return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}
MIAI_INLINE Doubles madd(Doubles a, Doubles b, Doubles c) {
#if defined(__AVX512F__)
  return (Doubles)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
  return (Doubles)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
  return a * b + c;
#endif
}

/// The sum of the lanes, halves added to halves.
template <class T, int Bytes>
MIAI_INLINE T sum_halves(const T* lanes) {
  if constexpr (Bytes == sizeof(T)) {
    return *lanes;
  } else {
    typedef T Half __attribute__((vector_size(Bytes / 2)));
    Half halves[2];
    __builtin_memcpy(halves, lanes, Bytes);
    halves[0] += halves[1];
    T sums[Bytes / 2 / sizeof(T)];
    __builtin_memcpy(sums, halves, Bytes / 2);
    return sum_halves<T, Bytes / 2>(sums);
  }
}
template <class T>
MIAI_INLINE T sum_halves(Vector<T> v) {
  T lanes[kLanes<T>];
  __builtin_memcpy(lanes, &v, kVectorBytes);
  return sum_halves<T, kVectorBytes>(lanes);
}

/// Halves of the groups of `Group` lanes of a, then those of b: the lower or the upper ones.
template <class T, int Group, bool Upper, int... Lane>
MIAI_INLINE Vector<T> halves(Vector<T> a, Vector<T> b, std::integer_sequence<int, Lane...>) {
  constexpr auto index = [](int lane) {
    int of_its_vector = lane % (kLanes<T> / 2), half = Group / 2;
    return of_its_vector / half * Group + of_its_vector % half + (Upper ? half : 0) +
           (lane < kLanes<T> / 2 ? 0 : kLanes<T>);
  };
  return __builtin_shufflevector(a, b, index(Lane)...);
}
/// Sums of the lanes of Count vectors (a multiple of the lanes): lane i of vector j is that of vector
/// j * lanes + i.
template <class T, int Count, int Group = kLanes<T>>
MIAI_INLINE void sum_each(Vector<T>* v) {
  if constexpr (Group > 1) {
    constexpr auto lanes = std::make_integer_sequence<int, kLanes<T>>();
#pragma GCC unroll 32
    for (int i = 0; i < Count / 2; ++i) {
      Vector<T> a = v[2 * i], b = v[2 * i + 1];
      v[i] = halves<T, Group, false>(a, b, lanes) + halves<T, Group, true>(a, b, lanes);
    }
    sum_each<T, Count / 2, Group / 2>(v);
  }
}

/// The sum of the lanes, in double.
MIAI_INLINE double sum_lanes(Floats v) {
  double sum = 0;
  for (int i = 0; i < kLanes<float>; ++i) sum += v[i];
  return sum;
}
MIAI_INLINE double sum_lanes(Doubles v) { return sum_halves<double>(v); }

}  // namespace miai::kernels::MIAI_ISA
