#include "runtime/plan_memory.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace miai {
namespace {

constexpr int64_t kAlign = 64;

struct Placed {
  int64_t begin, end;
  int first, last;
};
bool by_begin(const Placed& a, const Placed& b) { return a.begin < b.begin; }

/// Buffers with their places. Time is cut into slices, so that a short-lived buffer meets few others.
class Placement {
 public:
  explicit Placement(int end) : width_(end / kSlices + 1), slices_(static_cast<size_t>(end / width_) + 1) {}

  /// Puts the buffer into the smallest gap between those that live with it, or past the last one.
  int64_t put(const LiveBuffer& buffer, int64_t bytes) {
    int64_t at = best_gap(neighbours(buffer), buffer, bytes);
    Placed placed{at, at + bytes, buffer.first, buffer.last};
    all_.insert(std::upper_bound(all_.begin(), all_.end(), placed, by_begin), placed);
    for (int slice = buffer.first / width_; slice <= buffer.last / width_; ++slice)
      slices_[static_cast<size_t>(slice)].push_back(placed);
    return at;
  }

 private:
  static constexpr int kSlices = 512, kFewSlices = 4;

  /// At least those that live with the buffer, by begin.
  const std::vector<Placed>& neighbours(const LiveBuffer& buffer) {
    int from = buffer.first / width_, to = buffer.last / width_;
    if (to - from >= kFewSlices) return all_;
    few_.clear();
    for (int slice = from; slice <= to; ++slice)
      for (const Placed& p : slices_[static_cast<size_t>(slice)])
        if (p.last >= buffer.first && p.first <= buffer.last) few_.push_back(p);
    std::sort(few_.begin(), few_.end(), by_begin);
    return few_;
  }

  static int64_t best_gap(const std::vector<Placed>& placed, const LiveBuffer& buffer, int64_t bytes) {
    int64_t best = -1, best_size = 0, top = 0;
    for (const Placed& p : placed) {
      if (p.last < buffer.first || buffer.last < p.first) continue;
      int64_t gap = p.begin - top;
      if (gap >= bytes && (best < 0 || gap < best_size)) best = top, best_size = gap;
      top = std::max(top, p.end);
    }
    return best < 0 ? top : best;
  }

  int width_;
  std::vector<Placed> all_, few_;            // by begin
  std::vector<std::vector<Placed>> slices_;  // all that live in a part of the time
};

MemoryLayout place(std::span<const LiveBuffer> buffers, const std::vector<int64_t>& sizes,
                   const std::vector<int>& order) {
  int end = 0;
  for (const LiveBuffer& b : buffers) end = std::max(end, b.last);
  MemoryLayout layout;
  layout.offsets.resize(buffers.size());
  Placement placement(end);
  for (int i : order) {
    auto b = static_cast<size_t>(i);
    if (sizes[b] == 0) continue;
    layout.offsets[b] = placement.put(buffers[b], sizes[b]);
    layout.total = std::max(layout.total, layout.offsets[b] + sizes[b]);
  }
  return layout;
}

int64_t largest_live_sum(std::span<const LiveBuffer> buffers, const std::vector<int64_t>& sizes) {
  int end = 0;
  for (const LiveBuffer& b : buffers) end = std::max(end, b.last + 2);
  std::vector<int64_t> change(static_cast<size_t>(end));
  for (size_t i = 0; i < buffers.size(); ++i) {
    change[static_cast<size_t>(buffers[i].first)] += sizes[i];
    change[static_cast<size_t>(buffers[i].last) + 1] -= sizes[i];
  }
  int64_t live = 0, most = 0;
  for (int64_t c : change) most = std::max(most, live += c);
  return most;
}

/// Orders of the buffers, one after the other: what ends last goes forward, since what hinders the layout
/// must have the choice of places. Ends at the lower bound, or after the work that a plan is worth.
class Search {
 public:
  Search(std::span<const LiveBuffer> buffers, const std::vector<int64_t>& sizes, int64_t lower_bound)
      : buffers_(buffers), sizes_(sizes), lower_bound_(lower_bound) {}

  void from(std::vector<int> order) {
    auto count = static_cast<int64_t>(buffers_.size());
    int64_t tries = std::clamp<int64_t>(kMostWork / std::max<int64_t>(count * count, 1), 1, kMostTries);
    for (int64_t i = 0; i < tries && !is_done(); ++i) {
      MemoryLayout layout = place(buffers_, sizes_, order);
      advance(order, layout, i);
      if (best_.offsets.empty() || layout.total < best_.total) best_ = std::move(layout);
    }
  }
  bool is_done() const { return !best_.offsets.empty() && best_.total == lower_bound_; }
  MemoryLayout take() { return std::move(best_); }

 private:
  static constexpr int64_t kMostTries = 250, kMostWork = 20'000'000;  // pairs of buffers

  /// Half way to the front, now and then all that sticks out to the very front.
  void advance(std::vector<int>& order, const MemoryLayout& layout, int64_t round) const {
    auto end = [&](int i) { return layout.offsets[static_cast<size_t>(i)] + sizes_[static_cast<size_t>(i)]; };
    if (round % 8 == 7) {
      std::stable_partition(order.begin(), order.end(), [&](int i) { return end(i) > lower_bound_; });
      return;
    }
    auto top = std::find_if(order.begin(), order.end(), [&](int i) { return end(i) == layout.total; });
    if (top != order.end()) std::rotate(order.begin() + (top - order.begin()) / 2, top, top + 1);
  }

  std::span<const LiveBuffer> buffers_;
  const std::vector<int64_t>& sizes_;
  int64_t lower_bound_;
  MemoryLayout best_;
};

}  // namespace

MemoryLayout plan_memory(std::span<const LiveBuffer> buffers) {
  std::vector<int64_t> sizes;
  for (const LiveBuffer& b : buffers) sizes.push_back((b.bytes + kAlign - 1) / kAlign * kAlign);
  auto size = [&](int i) { return sizes[static_cast<size_t>(i)]; };
  auto span = [&](int i) {
    return buffers[static_cast<size_t>(i)].last - buffers[static_cast<size_t>(i)].first + 1;
  };
  auto first = [&](int i) { return buffers[static_cast<size_t>(i)].first; };
  using Less = std::function<bool(int, int)>;
  const Less orders[] = {
      [&](int a, int b) { return size(a) != size(b) ? size(a) > size(b) : span(a) > span(b); },
      [&](int a, int b) { return size(a) * span(a) > size(b) * span(b); },
      [&](int a, int b) { return span(a) != span(b) ? span(a) > span(b) : size(a) > size(b); },
      [&](int a, int b) { return first(a) != first(b) ? first(a) < first(b) : size(a) > size(b); },
  };
  int64_t lower_bound = largest_live_sum(buffers, sizes);
  Search search(buffers, sizes, lower_bound);
  for (const Less& less : orders) {
    std::vector<int> order(buffers.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), less);
    search.from(std::move(order));
    if (search.is_done()) break;
  }
  MemoryLayout best = search.take();
  best.lower_bound = lower_bound;
  return best;
}

}  // namespace miai
