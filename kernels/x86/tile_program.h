// A pointwise program made ready for tiles of one call: which loop runs each instruction, and where its
// operands lie.
#pragma once
#include <utility>

#include "kernels/common/kernel.h"
#include "kernels/common/pointwise/loop.h"
#include "kernels/x86/pointwise_tiles.h"

namespace miai::kernels {

inline constexpr int64_t kTile = 512;           // elements: tiles stay in the first-level cache
inline constexpr int kMostTiles = 24;           // registers alive at once
inline constexpr int64_t kTileGrain = 1 << 14;  // elements a thread, at least

/// What a call's programs may depend on.
struct TileOperands {
  std::span<const TensorMeta> outputs, inputs;
  int made_input = -1;  // an input that no memory holds: its elements are made when a tile asks for them
};

struct TileProgram {
  /// One instruction, ready to run: operands are places (tiles, or inputs in memory).
  struct Step {
    TileFunction run = nullptr;
    int out = -1, a = -1, b = -1, c = -1;
  };
  /// An input that is read where it lies.
  struct Direct {
    int input = 0, place = 0;
    size_t element_bytes = 0;
  };
  /// An input that cannot be read where it lies: gathered, converted, repeated or made into a tile.
  struct Load {
    int input = 0, place = 0;
    TileFunction convert = nullptr;  // nullptr: the dtype is kept
    size_t element_bytes = 0;
    bool is_made = false;
  };
  struct Store {
    int output = 0, place = 0;
    TileFunction convert = nullptr;
    size_t element_bytes = 0;
    bool is_dense = false;
  };
  struct Constant {
    int place = 0;
    DType dtype = DType::kFloat32;
    double value = 0;
    int64_t integer = 0;
    uint64_t element = 0;  // its bytes
  };

  pointwise::Loop loop;
  std::vector<Step> steps;
  std::vector<Direct> direct;
  std::vector<Load> loads;
  std::vector<Store> stores;
  std::vector<Constant> constants;
  bool writes_output = false;  // the last step writes output 0 where it lies
  size_t output_bytes = 0;     // of an element of it
  int places = 0;
};

TileProgram make_tile_program(const pointwise::Program& program, const TileOperands& operands);
/// Whether every instruction has a loop, and the tiles suffice.
Support supports_tiles(const pointwise::Program& program, const TileOperands& operands);

/// The first n elements of a tile become one number.
void fill_tile(void* tile, DType dtype, double value, int64_t integer, int64_t n);

}  // namespace miai::kernels
