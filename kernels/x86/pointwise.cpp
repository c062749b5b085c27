// Runs pointwise programs tile by tile: each instruction is a loop over a tile that stays in the first-level
// cache.
#include <array>
#include <cstring>

#include "kernels/common/attrs/pointwise.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/pointwise/loop.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/pointwise_tiles.h"

namespace miai::kernels {
namespace {

using pointwise::Instruction;
using pointwise::Loop;
using pointwise::Opcode;
using pointwise::Program;

constexpr int64_t kTile = 512;  // elements
constexpr int64_t kTileBytes = kTile * 8;
constexpr int64_t kGrain = 1 << 14;  // elements a thread, at least
constexpr int kMostTiles = 24;       // registers alive at once

/// One instruction, ready to run: operands are places in `Places` (tiles, then inputs in memory).
struct Step {
  TileFunction run = nullptr;
  int out = -1, a = -1, b = -1, c = -1;
};

/// An input that cannot be read where it lies: gathered, converted or repeated into a tile.
struct Load {
  int input = 0, place = 0;
  TileFunction convert = nullptr;  // nullptr: the dtype is kept
  size_t element_bytes = 0;
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

struct Compiled {
  Loop loop;
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

size_t outputs_of(const KernelSignature& s) { return s.outputs.size(); }

bool is_half(DType dtype) { return dtype == DType::kFloat16 || dtype == DType::kBFloat16; }

void fill(void* tile, DType dtype, double value, int64_t integer, int64_t n) {
  visit_dtype(dtype, [&]<class T>() {
    if constexpr (std::is_arithmetic_v<T>) {
      T element = is_float(dtype) ? static_cast<T>(value) : static_cast<T>(integer);
      std::fill_n(static_cast<T*>(tile), n, element);
    }
  });
}

/// Places for registers, given back after the last reader.
class PlaceAllocator {
 public:
  PlaceAllocator(const Program& program) : last_use_(program.code.size(), -1) {
    for (size_t i = 0; i < program.code.size(); ++i)
      for (pointwise::Register r : {program.code[i].a, program.code[i].b, program.code[i].c})
        if (r >= 0) last_use_[r] = static_cast<int>(i);
    for (pointwise::Register r : program.outputs) last_use_[r] = static_cast<int>(program.code.size());
  }
  int take() {
    if (free_.empty()) return count_++;
    int place = free_.back();
    free_.pop_back();
    return place;
  }
  void release_after(int step, pointwise::Register r, int place) {
    if (r >= 0 && last_use_[r] == step) free_.push_back(place);
  }
  int count() const { return count_; }

 private:
  std::vector<int> last_use_;
  std::vector<int> free_;
  int count_ = 0;
};

class Compiler {
 public:
  Compiler(const KernelSignature& s, const Program& program)
      : signature_(s), program_(program), places_(program) {
    result_.loop = pointwise::make_loop(s.outputs, s.inputs);
    place_of_.assign(program.code.size(), -1);
  }

  Compiled compile() {
    // inputs and constants keep their places: they are filled once a tile, or once a call
    for (size_t i = 0; i < program_.code.size(); ++i) {
      const Instruction& in = program_.code[i];
      if (in.opcode == Opcode::kInput) add_input(i, in);
      if (in.opcode == Opcode::kConstant) add_constant(i, in);
    }
    for (size_t i = 0; i < program_.code.size(); ++i)
      if (program_.code[i].opcode > Opcode::kConstant) add_step(i, program_.code[i]);
    for (size_t k = 0; k < program_.outputs.size(); ++k) add_store(k);
    result_.places = places_.count();
    return std::move(result_);
  }

 private:
  void add_input(size_t i, const Instruction& in) {
    DType stored = signature_.inputs[in.index].dtype;
    place_of_[i] = places_.take();
    if (stored == in.dtype && result_.loop.is_dense(outputs_of(signature_) + in.index) &&
        result_.loop.shape[0] > 1) {
      result_.direct.emplace_back(place_of_[i], in.index);
      result_.direct_bytes.push_back(dtype_size(stored));
      return;
    }
    TileFunction convert = stored == in.dtype ? nullptr : tile_instructions().convert(stored, in.dtype);
    result_.loads.push_back({in.index, place_of_[i], convert, dtype_size(stored)});
  }

  void add_constant(size_t i, const Instruction& in) {
    place_of_[i] = places_.take();
    Constant constant{place_of_[i], in.dtype, in.value, in.integer};
    fill(&constant.element, in.dtype, in.value, in.integer, 1);
    result_.constants.push_back(constant);
  }

  bool keeps_place(pointwise::Register r) const {
    return r < 0 || program_.code[r].opcode <= Opcode::kConstant;
  }

  void add_step(size_t i, const Instruction& in) {
    Step step;
    DType operand = program_.code[in.opcode == Opcode::kSelect ? in.b : in.a].dtype;
    step.run = in.opcode == Opcode::kCast ? tile_instructions().convert(operand, in.dtype)
                                          : tile_instructions().find(in.opcode, operand);
    auto place = [&](pointwise::Register r) { return r < 0 ? -1 : place_of_[r]; };
    step.a = place(in.a), step.b = place(in.b), step.c = place(in.c);
    step.out = place_of_[i] = places_.take();
    pointwise::Register seen[3] = {in.a, in.b, in.c};
    for (int k = 0; k < 3; ++k) {
      bool repeated = (k > 0 && seen[k] == seen[0]) || (k > 1 && seen[k] == seen[1]);
      if (!keeps_place(seen[k]) && !repeated)
        places_.release_after(static_cast<int>(i), seen[k], place(seen[k]));
    }
    result_.steps.push_back(step);
  }

  void add_store(size_t k) {
    pointwise::Register r = program_.outputs[k];
    DType stored = signature_.outputs[k].dtype;
    bool last = !result_.steps.empty() && result_.steps.back().out == place_of_[r] &&
                static_cast<size_t>(r) + 1 == program_.code.size();
    if (last && k == 0 && program_.outputs.size() == 1 && stored == program_.code[r].dtype &&
        result_.loop.is_dense(0) && result_.loop.shape[0] > 1) {
      result_.direct_output_place = place_of_[r];
      result_.output_bytes = dtype_size(stored);
      return;
    }
    TileFunction convert = stored == program_.code[r].dtype
                               ? nullptr
                               : tile_instructions().convert(program_.code[r].dtype, stored);
    result_.stores.push_back({static_cast<int>(k), place_of_[r], convert, dtype_size(stored)});
  }

  const KernelSignature& signature_;
  const Program& program_;
  PlaceAllocator places_;
  std::vector<int> place_of_;
  Compiled result_;
};

template <class T>
void gather(const Loop& loop, size_t operand, const void* data, void* tile, int64_t begin, int64_t n) {
  auto* out = static_cast<T*>(tile);
  pointwise::RunWalker walker(loop, begin);
  const int64_t stride = loop.strides[operand][loop.shape.size() - 1];
  while (n > 0) {
    int64_t count = walker.take(n);
    const T* in = static_cast<const T*>(data) + walker.offset(operand);
    for (int64_t i = 0; i < count; ++i) out[i] = in[i * stride];
    out += count;
    n -= count;
  }
}

template <class T>
void scatter(const Loop& loop, size_t operand, void* data, const void* tile, int64_t begin, int64_t n) {
  auto* in = static_cast<const T*>(tile);
  pointwise::RunWalker walker(loop, begin);
  const int64_t stride = loop.strides[operand][loop.shape.size() - 1];
  while (n > 0) {
    int64_t count = walker.take(n);
    T* out = static_cast<T*>(data) + walker.offset(operand);
    for (int64_t i = 0; i < count; ++i) out[i * stride] = in[i];
    in += count;
    n -= count;
  }
}

/// Calls f.operator()<T>() with an unsigned integer of so many bytes: moving elements needs no more.
template <class F>
void visit_width(size_t bytes, F&& f) {
  switch (bytes) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    default:
      return f.template operator()<uint64_t>();
  }
}

/// The tiles of one thread.
struct Tiles {
  alignas(64) std::array<char, kMostTiles * kTileBytes> memory;
  void* place(int i) { return memory.data() + i * kTileBytes; }
};

class Runner {
 public:
  Runner(const Compiled& compiled, const KernelArgs& args) : c_(compiled), args_(args) {}

  void run(int64_t begin, int64_t end) {
    const int64_t first = std::min(kTile, end - begin);
    for (int i = 0; i < c_.places; ++i) places_[i] = tiles_.place(i);
    for (const Constant& k : c_.constants) fill(places_[k.place], k.dtype, k.value, k.integer, first);
    for (const Load& load : c_.loads)
      if (is_scalar(load)) take(load, begin, first);
    for (int64_t at = begin; at < end; at += kTile) {
      if (args_.context.is_cancelled()) return;
      run_tile(at, std::min(kTile, end - at));
    }
  }

 private:
  bool is_scalar(const Load& load) const { return c_.loop.is_scalar(args_.outputs.size() + load.input); }

  void take(const Load& load, int64_t at, int64_t n) {
    const size_t operand = args_.outputs.size() + load.input;
    alignas(64) char raw[kTileBytes];
    void* target = load.convert ? raw : places_[load.place];
    visit_width(load.element_bytes, [&]<class T>() {
      gather<T>(c_.loop, operand, args_.inputs[load.input].data, target, at, n);
    });
    if (load.convert) load.convert(places_[load.place], raw, nullptr, nullptr, n);
  }

  void run_tile(int64_t at, int64_t n) {
    for (size_t i = 0; i < c_.direct.size(); ++i)
      places_[c_.direct[i].first] = static_cast<char*>(args_.inputs[c_.direct[i].second].data) +
                                    at * static_cast<int64_t>(c_.direct_bytes[i]);
    if (c_.direct_output_place >= 0)
      direct_output_ = static_cast<char*>(args_.outputs[0].data) + at * static_cast<int64_t>(c_.output_bytes);
    for (const Load& load : c_.loads)
      if (!is_scalar(load)) take(load, at, n);
    for (const Step& step : c_.steps) {
      bool last = &step == &c_.steps.back() && c_.direct_output_place >= 0;
      auto operand = [&](int place) -> const void* { return place < 0 ? nullptr : places_[place]; };
      step.run(last ? direct_output_ : places_[step.out], operand(step.a), operand(step.b), operand(step.c),
               n);
    }
    for (const Store& store : c_.stores) put(store, at, n);
  }

  void put(const Store& store, int64_t at, int64_t n) {
    const void* source = places_[store.place];
    alignas(64) char raw[kTileBytes];
    if (store.convert) {
      store.convert(raw, source, nullptr, nullptr, n);
      source = raw;
    }
    visit_width(store.element_bytes, [&]<class T>() {
      scatter<T>(c_.loop, store.output, args_.outputs[store.output].data, source, at, n);
    });
  }

  const Compiled& c_;
  const KernelArgs& args_;
  Tiles tiles_;
  std::array<void*, kMostTiles> places_;
  void* direct_output_ = nullptr;
};

Support supports(const KernelSignature& s) {
  const Program& program = s.attrs.as<PointwiseAttrs>().program;
  for (const Instruction& in : program.code) {
    if (in.opcode == Opcode::kConstant && is_half(in.dtype))
      return Support::no("a constant of a 16-bit float");
    if (in.opcode <= Opcode::kCast) continue;
    DType operand = program.code[in.opcode == Opcode::kSelect ? in.b : in.a].dtype;
    if (!tile_instructions().find(in.opcode, operand))
      return Support::no(std::string(pointwise::opcode_name(in.opcode)) + " of " +
                         std::string(dtype_name(operand)) + " has no tile loop");
  }
  if (Compiler(s, program).compile().places > kMostTiles)
    return Support::no("the program needs more than " + std::to_string(kMostTiles) + " tiles at once");
  return Support::yes();
}

Prepared prepare(const KernelSignature& s) {
  return {std::make_shared<const Compiled>(Compiler(s, s.attrs.as<PointwiseAttrs>().program).compile()), 0};
}

/// One element: registers are 8 bytes each, operands of the right dtype are read where they lie.
void run_one(const Compiled& c, const KernelArgs& args) {
  std::array<uint64_t, kMostTiles> registers;
  std::array<void*, kMostTiles> places;
  for (int i = 0; i < c.places; ++i) places[i] = &registers[i];
  for (const Constant& k : c.constants) registers[k.place] = k.element;
  for (const Load& load : c.loads) {
    void* data = args.inputs[load.input].data;
    if (load.convert)
      load.convert(places[load.place], data, nullptr, nullptr, 1);
    else
      places[load.place] = data;
  }
  auto at = [&](int place) { return place < 0 ? nullptr : places[place]; };
  for (const Step& step : c.steps) step.run(places[step.out], at(step.a), at(step.b), at(step.c), 1);
  for (const Store& store : c.stores) {
    void* data = args.outputs[store.output].data;
    if (store.convert)
      store.convert(data, places[store.place], nullptr, nullptr, 1);
    else
      visit_width(store.element_bytes, [&]<class T>() { std::memcpy(data, places[store.place], sizeof(T)); });
  }
}

/// A program of one instruction on dense operands needs no tiles.
bool is_single(const Compiled& c) {
  return c.steps.size() == 1 && c.loads.empty() && c.constants.empty() && c.stores.empty();
}
void run_single(const Compiled& c, const KernelArgs& args, int64_t begin, int64_t end) {
  const Step& step = c.steps[0];
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
  const Compiled& compiled = args.state_as<Compiled>();
  if (compiled.loop.size == 1) return run_one(compiled, args);
  if (compiled.loop.size <= kGrain && is_single(compiled))
    return run_single(compiled, args, 0, compiled.loop.size);
  parallel_for(0, compiled.loop.size, kGrain,
               [&](int64_t begin, int64_t end) { Runner(compiled, args).run(begin, end); });
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
