// Runs pointwise programs tile by tile: each instruction is a loop over a tile that stays in the first-level
// cache.
#include <array>
#include <cstring>

#include "kernels/common/attrs/pointwise.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "kernels/x86/tile_runner.h"

namespace miai::kernels {
namespace {

using pointwise::Program;

const Program& program_of(const KernelSignature& s) { return s.attrs.as<PointwiseAttrs>().program; }

Support supports(const KernelSignature& s) { return supports_tiles(program_of(s), {s.outputs, s.inputs}); }

Prepared prepare(const KernelSignature& s) {
  return {std::make_shared<const TileProgram>(make_tile_program(program_of(s), {s.outputs, s.inputs})), 0};
}

/// One element: registers are 8 bytes each, operands of the right dtype are read where they lie.
void run_one(const TileProgram& c, const KernelArgs& args) {
  std::array<uint64_t, kMostTiles> registers;
  std::array<void*, kMostTiles> places;
  for (int i = 0; i < c.places; ++i) places[i] = &registers[i];
  for (const auto& k : c.constants) registers[k.place] = k.element;
  for (const auto& load : c.loads) {
    void* data = args.inputs[load.input].data;
    if (load.convert)
      load.convert(places[load.place], data, nullptr, nullptr, 1);
    else
      places[load.place] = data;
  }
  auto at = [&](int place) { return place < 0 ? nullptr : places[place]; };
  for (const auto& step : c.steps) step.run(places[step.out], at(step.a), at(step.b), at(step.c), 1);
  for (const auto& store : c.stores) {
    void* data = args.outputs[store.output].data;
    if (store.convert)
      store.convert(data, places[store.place], nullptr, nullptr, 1);
    else
      visit_size(store.element_bytes, [&]<class T>() { std::memcpy(data, places[store.place], sizeof(T)); });
  }
}

/// A program of one instruction on dense operands needs no tiles.
bool is_single(const TileProgram& c) {
  return c.steps.size() == 1 && c.loads.empty() && c.constants.empty() && c.stores.empty();
}
void run_single(const TileProgram& c, const KernelArgs& args, int64_t begin, int64_t end) {
  const TileProgram::Step& step = c.steps[0];
  auto at = [&](int place) -> const void* {
    for (const auto& direct : c.direct)
      if (direct.place == place)
        return static_cast<const char*>(args.inputs[direct.input].data) +
               begin * static_cast<int64_t>(direct.element_bytes);
    return nullptr;
  };
  char* out = static_cast<char*>(args.outputs[0].data) + begin * static_cast<int64_t>(c.output_bytes);
  step.run(out, at(step.a), at(step.b), at(step.c), end - begin);
}

void run(const KernelArgs& args) {
  const TileProgram& compiled = args.state_as<TileProgram>();
  if (compiled.loop.size == 1) return run_one(compiled, args);
  if (compiled.loop.size <= kTileGrain && is_single(compiled))
    return run_single(compiled, args, 0, compiled.loop.size);
  parallel_for(0, compiled.loop.size, kTileGrain, [&](int64_t begin, int64_t end) {
    TileRunner(compiled, args.inputs, args.outputs, args.context).run(begin, end);
  });
}

}  // namespace

void register_x86_pointwise(KernelTable& table) {
  Kernel kernel;
  kernel.op = "pointwise";
  kernel.name = "x86/pointwise";
  kernel.supports = supports;
  kernel.prepare = prepare;
  kernel.run = run;
  kernel.cannot_fail = true;
  kernel.channels_last = ChannelsLast{.every = true};
  table.add(std::move(kernel));
}

}  // namespace miai::kernels
