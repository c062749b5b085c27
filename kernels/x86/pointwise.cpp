// Runs pointwise programs tile by tile.
#include <array>
#include <cstring>

#include "kernels/common/attrs/pointwise.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/strided.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/tile_program.h"

namespace miai::kernels {
namespace {

Support supports(const KernelSignature& s) {
  return supports_tiles(s.attrs.as<PointwiseAttrs>().program, s.outputs, s.inputs);
}

Prepared prepare(const KernelSignature& s) {
  const pointwise::Program& program = s.attrs.as<PointwiseAttrs>().program;
  return {std::make_shared<const TileProgram>(compile_tiles(program, s.outputs, s.inputs)), 0};
}

/// One element: registers are 8 bytes each, operands of the right dtype are read where they lie.
void run_one(const TileProgram& c, const KernelArgs& args) {
  std::array<uint64_t, kMostTiles> registers;
  std::array<void*, kMostTiles> places;
  for (int i = 0; i < c.places; ++i) places[i] = &registers[i];
  for (const TileProgram::Constant& k : c.constants) registers[k.place] = k.element;
  for (const TileProgram::Load& load : c.loads) {
    void* data = args.inputs[load.input].data;
    if (load.convert)
      load.convert(places[load.place], data, nullptr, nullptr, 1);
    else
      places[load.place] = data;
  }
  auto at = [&](int place) { return place < 0 ? nullptr : places[place]; };
  for (const TileProgram::Step& step : c.steps)
    step.run(places[step.out], at(step.a), at(step.b), at(step.c), 1);
  for (const TileProgram::Store& store : c.stores) {
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
    for (size_t i = 0; i < c.direct.size(); ++i)
      if (c.direct[i].first == place)
        return static_cast<const char*>(args.inputs[c.direct[i].second].data) +
               begin * static_cast<int64_t>(c.direct_bytes[i]);
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
  TileOperands operands{args.inputs, args.outputs, args.context};
  parallel_for(0, compiled.loop.size, kTileGrain,
               [&](int64_t begin, int64_t end) { run_tiles(compiled, operands, begin, end); });
}

}  // namespace

const TileInstructions& tile_instructions() {
  return choose_isa(baseline::kTileInstructions, avx2::kTileInstructions, avx512::kTileInstructions);
}

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
