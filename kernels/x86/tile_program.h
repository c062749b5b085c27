// A pointwise program made ready for the operands of one call: each instruction is a loop over a tile that
// stays in the first-level cache.
#pragma once
#include <span>
#include <utility>
#include <vector>

#include "kernels/common/kernel.h"
#include "kernels/common/parallel.h"
#include "kernels/common/pointwise/loop.h"
#include "kernels/common/pointwise/program.h"
#include "kernels/x86/pointwise_tiles.h"

namespace miai::kernels {

constexpr int64_t kTileGrain = 1 << 14;  // elements a thread, at least
constexpr int kMostTiles = 24;           // registers alive at once

struct TileProgram {
  /// One instruction, ready to run: operands are places (tiles, then inputs in memory).
  struct Step {
    TileFunction run = nullptr;
    int out = -1, a = -1, b = -1, c = -1;
  };
  /// An input that cannot be read where it lies: gathered, converted, repeated or made into a tile.
  struct Load {
    int input = 0, place = 0;
    TileFunction convert = nullptr;  // nullptr: the dtype is kept
    size_t element_bytes = 0;
    bool is_made = false;  // by TileOperands::make
  };
  struct Store {
    int output = 0, place = 0;
    TileFunction convert = nullptr;
    size_t element_bytes = 0;
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
  std::vector<Load> loads;
  std::vector<Store> stores;
  std::vector<Constant> constants;
  std::vector<std::pair<int, int>> direct;  // (place, input): read where it lies
  std::vector<size_t> direct_bytes;
  int direct_output_place = -1;  // the last instruction writes output 0 where it lies
  size_t output_bytes = 0;
  int places = 0;
};

/// The elements [begin, begin + n) of an input, in the order of the loop.
using TileSource = FunctionRef<void(void* tile, int64_t begin, int64_t n)>;

struct TileOperands {
  std::span<const TensorView> inputs, outputs;
  const KernelContext& context;
  const TileSource* make = nullptr;  // of the input that no memory holds
};

/// `made_input`: the input that no memory holds; -1: all are there.
TileProgram compile_tiles(const pointwise::Program& program, std::span<const TensorMeta> outputs,
                          std::span<const TensorMeta> inputs, int made_input = -1);
/// Whether every instruction has a loop and the tiles are enough.
Support supports_tiles(const pointwise::Program& program, std::span<const TensorMeta> outputs,
                       std::span<const TensorMeta> inputs, int made_input = -1);
/// Computes the elements [begin, end) of the loop.
void run_tiles(const TileProgram& program, const TileOperands& operands, int64_t begin, int64_t end);

/// n elements of `dtype`, all of them that number.
void fill_tile(void* tile, DType dtype, double value, int64_t integer, int64_t n);

}  // namespace miai::kernels
