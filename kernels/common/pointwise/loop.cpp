#include "kernels/common/pointwise/loop.h"

#include <algorithm>

namespace miai::pointwise {
namespace {

/// Strides of an operand over `shape`, 0 where it is broadcast.
Strides broadcast_strides(const TensorMeta& meta, const Shape& shape) {
  Strides strides(shape.size(), 0);
  const int extra = shape.size() - meta.rank();
  for (int i = 0; i < meta.rank(); ++i)
    if (meta.shape[i] != 1) strides[extra + i] = meta.strides[i];
  return strides;
}

/// The dimensions that are longer than 1, in the order in which output 0 lies in memory.
SmallVector<int> loop_order(const Shape& shape, const Strides& strides) {
  SmallVector<int> order;
  for (int i = 0; i < shape.size(); ++i)
    if (shape[i] != 1) order.push_back(i);
  auto comes_first = [&](int a, int b) { return strides[a] != strides[b] ? strides[a] > strides[b] : a < b; };
  std::sort(order.begin(), order.end(), comes_first);  // std::stable_sort would take memory
  return order;
}

/// Whether dimension i continues dimension i - 1 in every operand.
bool joins(const std::vector<Strides>& all, const Shape& shape, int i) {
  for (const Strides& s : all)
    if (s[i - 1] != s[i] * shape[i]) return false;
  return true;
}

}  // namespace

Shape broadcast_shape(std::span<const TensorMeta> inputs) {
  Shape shape;
  for (const TensorMeta& input : inputs) {
    while (shape.size() < input.rank()) shape.insert(0, 1);
    for (int i = 1; i <= input.rank(); ++i)
      if (int64_t size = input.shape[input.rank() - i]; size != 1) shape[shape.size() - i] = size;
  }
  return shape;
}

Loop make_loop(std::span<const TensorMeta> outputs, std::span<const TensorMeta> inputs) {
  const Shape& full = outputs[0].shape;
  std::vector<Strides> all;
  for (const TensorMeta& meta : outputs) all.push_back(broadcast_strides(meta, full));
  for (const TensorMeta& meta : inputs) all.push_back(broadcast_strides(meta, full));
  Loop loop;
  loop.size = element_count(full);
  loop.strides.resize(all.size());
  for (int i : loop_order(full, all[0])) {
    loop.shape.push_back(full[i]);
    for (size_t k = 0; k < all.size(); ++k) loop.strides[k].push_back(all[k][i]);
  }
  for (int i = loop.shape.size() - 1; i > 0; --i) {
    if (!joins(loop.strides, loop.shape, i)) continue;
    loop.shape[i - 1] *= loop.shape[i];
    loop.shape.erase(i);
    for (Strides& s : loop.strides) {
      s[i - 1] = s[i];
      s.erase(i);
    }
  }
  if (loop.shape.empty()) {
    loop.shape.push_back(1);
    for (Strides& s : loop.strides) s.push_back(0);
  }
  return loop;
}

RunWalker::RunWalker(const Loop& loop, int64_t begin) : loop_(loop), index_(loop.shape.size(), 0) {
  for (int i = loop.shape.size() - 1; i >= 0; --i) {
    index_[i] = begin % loop.shape[i];
    begin /= loop.shape[i];
  }
  start_ = index_;
}

int64_t RunWalker::take(int64_t most) {
  start_ = index_;
  int last = loop_.shape.size() - 1;
  int64_t count = std::min(most, loop_.shape[last] - index_[last]);
  index_[last] += count;
  for (int i = last; i > 0 && index_[i] == loop_.shape[i]; --i) {
    index_[i] = 0;
    ++index_[i - 1];
  }
  return count;
}

int64_t RunWalker::offset(size_t operand) const {
  int64_t offset = 0;
  for (int i = 0; i < start_.size(); ++i) offset += start_[i] * loop_.strides[operand][i];
  return offset;
}

}  // namespace miai::pointwise
