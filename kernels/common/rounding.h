// Whole multiples of counts (not negative).
#pragma once
#include <cstdint>

namespace miai::kernels {

constexpr int64_t divide_up(int64_t count, int64_t by) { return (count + by - 1) / by; }
constexpr int64_t round_up(int64_t count, int64_t unit) { return divide_up(count, unit) * unit; }

}  // namespace miai::kernels
