// The instructions of pointwise programs as loops over tiles, compiled once for each instruction set.
#pragma once
#include "kernels/common/pointwise/program.h"

namespace miai::kernels {

/// out[i] = f(a[i], b[i], c[i]) for i < n; operands that the instruction lacks are null. Tiles may be the
/// same memory.
using TileFunction = void (*)(void* out, const void* a, const void* b, const void* c, int64_t n);

/// The loop of an instruction whose operand a (for kSelect: b) has dtype `operand`; nullptr if there is none.
struct TileInstructions {
  TileFunction (*find)(pointwise::Opcode opcode, DType operand);
  TileFunction (*convert)(DType from, DType to);  // 16-bit floats included
  const char* name;
};

namespace baseline {
extern const TileInstructions kTileInstructions;
}
namespace avx2 {
extern const TileInstructions kTileInstructions;
}
namespace avx512 {
extern const TileInstructions kTileInstructions;
}

/// The best set that the processor has; MIAI_ISA=baseline|avx2|avx512 lowers it.
const TileInstructions& tile_instructions();

}  // namespace miai::kernels
