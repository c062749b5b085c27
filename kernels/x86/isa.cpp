#include "kernels/x86/isa.h"

#include <atomic>
#include <cstdlib>

#include "kernels/common/error.h"

namespace miai::kernels {
namespace {

Isa best_isa() {
  const char* text = std::getenv("MIAI_ISA");
  Isa best = Isa::kBaseline;
  for (Isa isa : kAllIsas) {
    if (has_isa(isa)) best = isa;
    if (text && isa_name(isa) == text) return best;
  }
  if (text && *text)
    raise(ErrorKind::kValue, "MIAI_ISA: expected baseline, avx2 or avx512, got '", text, "'");
  return best;
}

std::atomic<Isa>& setting() {
  static std::atomic<Isa> isa{best_isa()};
  return isa;
}

}  // namespace

std::string_view isa_name(Isa isa) {
  return isa == Isa::kAvx512 ? "avx512" : isa == Isa::kAvx2 ? "avx2" : "baseline";
}

bool has_isa(Isa isa) {
  __builtin_cpu_init();
  switch (isa) {
    case Isa::kAvx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && has_isa(Isa::kAvx2);
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("f16c");
    default:
      return true;
  }
}

int bfloat16_rate() {
  if (current_isa() != Isa::kAvx512) return 1;
  if (__builtin_cpu_supports("amx-bf16")) return 16;
  return __builtin_cpu_supports("avx512bf16") ? 2 : 1;
}

Isa current_isa() { return setting().load(std::memory_order_relaxed); }

void set_isa(Isa isa) {
  if (!has_isa(isa)) raise(ErrorKind::kValue, "this processor has no ", isa_name(isa));
  setting().store(isa);
}

}  // namespace miai::kernels
