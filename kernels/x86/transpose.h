// Transposition of float32 matrices, a square of vectors at a time (transpose.isa.cpp).
#pragma once
#include <cstdint>

namespace miai::kernels {

/// to[j * to_row + i] = from[i * from_row + j]
using Transpose = void (*)(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to,
                           int64_t to_row);

namespace baseline {
extern const Transpose transpose;
}
namespace avx2 {
extern const Transpose transpose;
}
namespace avx512 {
extern const Transpose transpose;
}

Transpose transpose_function();  // of the current instruction set

}  // namespace miai::kernels
