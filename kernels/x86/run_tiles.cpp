#include <algorithm>
#include <array>

#include "kernels/common/strided.h"
#include "kernels/x86/tile_program.h"

namespace miai::kernels {
namespace {

using pointwise::Loop;

constexpr int64_t kTile = 512;  // elements
constexpr int64_t kTileBytes = kTile * 8;

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

/// The tiles of one thread.
struct Tiles {
  alignas(64) std::array<char, kMostTiles * kTileBytes> memory;
  void* place(int i) { return memory.data() + i * kTileBytes; }
};

class Runner {
 public:
  Runner(const TileProgram& program, const TileOperands& operands) : c_(program), operands_(operands) {}

  void run(int64_t begin, int64_t end) {
    const int64_t first = std::min(kTile, end - begin);
    for (int i = 0; i < c_.places; ++i) places_[i] = tiles_.place(i);
    for (const TileProgram::Constant& k : c_.constants)
      fill_tile(places_[k.place], k.dtype, k.value, k.integer, first);
    for (const TileProgram::Load& load : c_.loads)
      if (is_scalar(load)) take(load, begin, first);
    for (int64_t at = begin; at < end; at += kTile) {
      if (operands_.context.is_cancelled()) return;
      run_tile(at, std::min(kTile, end - at));
    }
  }

 private:
  bool is_scalar(const TileProgram::Load& load) const {
    return c_.loop.is_scalar(operands_.outputs.size() + load.input);
  }

  void take(const TileProgram::Load& load, int64_t at, int64_t n) {
    const size_t operand = operands_.outputs.size() + load.input;
    alignas(64) char raw[kTileBytes];
    void* target = load.convert ? raw : places_[load.place];
    if (load.is_made) {
      (*operands_.make)(target, at, n);
    } else {
      visit_size(load.element_bytes, [&]<class T>() {
        gather<T>(c_.loop, operand, operands_.inputs[load.input].data, target, at, n);
      });
    }
    if (load.convert) load.convert(places_[load.place], raw, nullptr, nullptr, n);
  }

  void run_tile(int64_t at, int64_t n) {
    for (size_t i = 0; i < c_.direct.size(); ++i)
      places_[c_.direct[i].first] = static_cast<char*>(operands_.inputs[c_.direct[i].second].data) +
                                    at * static_cast<int64_t>(c_.direct_bytes[i]);
    if (c_.direct_output_place >= 0)
      direct_output_ =
          static_cast<char*>(operands_.outputs[0].data) + at * static_cast<int64_t>(c_.output_bytes);
    for (const TileProgram::Load& load : c_.loads)
      if (!is_scalar(load)) take(load, at, n);
    for (const TileProgram::Step& step : c_.steps) {
      bool last = &step == &c_.steps.back() && c_.direct_output_place >= 0;
      auto operand = [&](int place) -> const void* { return place < 0 ? nullptr : places_[place]; };
      step.run(last ? direct_output_ : places_[step.out], operand(step.a), operand(step.b), operand(step.c),
               n);
    }
    for (const TileProgram::Store& store : c_.stores) put(store, at, n);
  }

  void put(const TileProgram::Store& store, int64_t at, int64_t n) {
    const void* source = places_[store.place];
    alignas(64) char raw[kTileBytes];
    if (store.convert) {
      store.convert(raw, source, nullptr, nullptr, n);
      source = raw;
    }
    visit_size(store.element_bytes, [&]<class T>() {
      scatter<T>(c_.loop, store.output, operands_.outputs[store.output].data, source, at, n);
    });
  }

  const TileProgram& c_;
  const TileOperands& operands_;
  Tiles tiles_;
  std::array<void*, kMostTiles> places_;
  void* direct_output_ = nullptr;
};

}  // namespace

void run_tiles(const TileProgram& program, const TileOperands& operands, int64_t begin, int64_t end) {
  Runner(program, operands).run(begin, end);
}

}  // namespace miai::kernels
