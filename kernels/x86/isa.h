// The instruction sets that <stem>.isa.cpp files are compiled for, and which of them runs.
#pragma once
#include <string_view>

namespace miai::kernels {

enum class Isa { kBaseline, kAvx2, kAvx512 };
inline constexpr Isa kAllIsas[] = {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512};
std::string_view isa_name(Isa isa);

bool has_isa(Isa isa);  // this processor
/// Products of bfloat16 that it makes in the time of one of float32; 1 where it has none of its own.
int bfloat16_rate();
/// The best that the processor has, or that MIAI_ISA (baseline, avx2, avx512) allows.
Isa current_isa();
/// Uses another one from now on, for tests; raises ValueError if the processor lacks it.
void set_isa(Isa isa);

/// The functions of the current instruction set, of the three tables given.
template <class Table>
const Table& choose_isa(const Table& baseline, const Table& avx2, const Table& avx512) {
  Isa isa = current_isa();
  return isa == Isa::kAvx512 ? avx512 : isa == Isa::kAvx2 ? avx2 : baseline;
}

}  // namespace miai::kernels
