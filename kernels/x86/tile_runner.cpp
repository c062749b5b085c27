#include "kernels/x86/tile_runner.h"

#include <algorithm>
#include <cstring>

#include "kernels/common/strided.h"

namespace miai::kernels {
namespace {

using pointwise::Loop;

/// n elements that lie `stride` apart, one after the other.
template <class T>
void copy_run(const T* in, int64_t stride, int64_t n, T* out) {
  if (stride == 1) {
    std::copy_n(in, n, out);
  } else if (stride == 0) {
    std::fill_n(out, n, *in);
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = in[i * stride];
  }
}

template <class T>
void gather(const Loop& loop, size_t operand, const void* data, void* tile, int64_t begin, int64_t n) {
  auto* out = static_cast<T*>(tile);
  pointwise::RunWalker walker(loop, begin);
  const int64_t stride = loop.strides[operand][loop.shape.size() - 1];
  while (n > 0) {
    int64_t count = walker.take(n);
    copy_run(static_cast<const T*>(data) + walker.offset(operand), stride, count, out);
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

/// Element `index` of dense memory.
char* element(const TensorView& view, int64_t index, size_t bytes) {
  return view.as<char>() + index * static_cast<int64_t>(bytes);
}

}  // namespace

TileRunner::TileRunner(const TileProgram& program, std::span<const TensorView> inputs,
                       std::span<const TensorView> outputs, const KernelContext& context,
                       const TileSource* source)
    : program_(program), inputs_(inputs), outputs_(outputs), context_(context), source_(source) {
  const int64_t longest = std::min(kTile, program.loop.size);
  for (int i = 0; i < program.places; ++i) places_[i] = memory_.data() + i * kTileBytes;
  if (longest == 0) return;  // a reduction of no elements
  for (const auto& k : program.constants) fill_tile(places_[k.place], k.dtype, k.value, k.integer, longest);
  for (const auto& load : program.loads)
    if (is_scalar(load)) take(load, 0, longest);
}

void TileRunner::run(int64_t begin, int64_t end, int64_t origin) {
  for (int64_t at = begin; at < end; at += kTile) {
    if (context_.is_cancelled()) return;
    run_tile(at, std::min(kTile, end - at), origin);
  }
}

bool TileRunner::is_scalar(const TileProgram::Load& load) const {
  return !load.is_made && program_.loop.is_scalar(outputs_.size() + load.input);
}

void TileRunner::take(const TileProgram::Load& load, int64_t at, int64_t n) {
  const size_t operand = outputs_.size() + load.input;
  alignas(64) char raw[kTileBytes];
  void* target = load.convert ? raw : places_[load.place];
  if (load.is_made) {
    (*source_)(target, at, n);
  } else {
    visit_size(load.element_bytes, [&]<class T>() {
      gather<T>(program_.loop, operand, inputs_[load.input].data, target, at, n);
    });
  }
  if (load.convert) load.convert(places_[load.place], raw, nullptr, nullptr, n);
}

void TileRunner::run_tile(int64_t at, int64_t n, int64_t origin) {
  for (const auto& d : program_.direct) places_[d.place] = element(inputs_[d.input], at, d.element_bytes);
  for (const auto& load : program_.loads)
    if (!is_scalar(load)) take(load, at, n);
  for (const auto& step : program_.steps) {
    const bool writes = program_.writes_output && &step == &program_.steps.back();
    auto operand = [&](int place) -> const void* { return place < 0 ? nullptr : places_[place]; };
    step.run(writes ? element(outputs_[0], at - origin, program_.output_bytes) : places_[step.out],
             operand(step.a), operand(step.b), operand(step.c), n);
  }
  for (const auto& store : program_.stores) put(store, at, n, origin);
}

void TileRunner::put(const TileProgram::Store& store, int64_t at, int64_t n, int64_t origin) {
  const TensorView& output = outputs_[store.output];
  const void* source = places_[store.place];
  alignas(64) char raw[kTileBytes];
  void* converted = store.is_dense ? element(output, at - origin, store.element_bytes) : raw;
  if (store.convert) {
    store.convert(converted, source, nullptr, nullptr, n);
    source = converted;
  }
  if (store.is_dense) {
    if (source != converted) std::memmove(converted, source, static_cast<size_t>(n) * store.element_bytes);
    return;
  }
  visit_size(store.element_bytes,
             [&]<class T>() { scatter<T>(program_.loop, store.output, output.data, source, at, n); });
}

}  // namespace miai::kernels
