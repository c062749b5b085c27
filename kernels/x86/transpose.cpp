#include "kernels/x86/transpose.h"

#include "kernels/x86/isa.h"

namespace miai::kernels {

Transpose transpose_function() { return choose_isa(baseline::transpose, avx2::transpose, avx512::transpose); }

}  // namespace miai::kernels
