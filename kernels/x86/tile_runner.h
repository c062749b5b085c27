// Runs a TileProgram over stretches of a call's elements: one for each thread.
#pragma once
#include <array>

#include "kernels/common/parallel.h"
#include "kernels/x86/tile_program.h"

namespace miai::kernels {

/// Makes elements [begin, begin + n) of an input, in the order of the loop.
using TileSource = FunctionRef<void(void* tile, int64_t begin, int64_t n)>;

class TileRunner {
 public:
  /// `source`: of the input that no memory holds.
  TileRunner(const TileProgram& program, std::span<const TensorView> inputs,
             std::span<const TensorView> outputs, const KernelContext& context,
             const TileSource* source = nullptr);

  /// Elements [begin, end) in the order of the loop. The outputs' memory begins with element `origin`:
  /// another than 0 for dense outputs alone.
  void run(int64_t begin, int64_t end, int64_t origin = 0);

 private:
  void take(const TileProgram::Load& load, int64_t at, int64_t n);
  void put(const TileProgram::Store& store, int64_t at, int64_t n, int64_t origin);
  void run_tile(int64_t at, int64_t n, int64_t origin);
  bool is_scalar(const TileProgram::Load& load) const;

  const TileProgram& program_;
  std::span<const TensorView> inputs_, outputs_;
  const KernelContext& context_;
  const TileSource* source_;
  static constexpr int64_t kTileBytes = kTile * 8;
  alignas(64) std::array<char, kMostTiles * kTileBytes> memory_;  // of the tiles
  std::array<void*, kMostTiles> places_;
};

}  // namespace miai::kernels
