// The sizes in which the allocator hands out memory, so that freed blocks fit again.
#pragma once
#include <bit>
#include <cstddef>

namespace miai {

inline constexpr size_t kBlockAlign = 64;
inline constexpr size_t kSmallBlock = 4096;  // up to here blocks are cached per thread

/// The size of the block that serves `bytes`: multiples of 64 up to 4 KiB, then 8 sizes for each doubling up
/// to 1 MiB (at most 12.5 % more than asked), then 32 (at most 3.1 %).
constexpr size_t block_size(size_t bytes) {
  if (bytes == 0) return kBlockAlign;
  size_t step = kBlockAlign;
  if (bytes > kSmallBlock) {
    size_t doubling = std::bit_floor(bytes - 1);
    step = doubling / (bytes > (size_t{1} << 20) ? 32 : 8);
  }
  return (bytes + step - 1) / step * step;
}

/// Blocks up to kSmallBlock, by their multiple of 64.
inline constexpr size_t kSmallClasses = kSmallBlock / kBlockAlign + 1;
constexpr size_t small_class(size_t bytes) {
  return bytes == 0 ? 1 : (bytes + kBlockAlign - 1) / kBlockAlign;
}

}  // namespace miai
