#include "runtime/plan_memory.h"

#include <algorithm>
#include <functional>
#include <iterator>
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
    insert(all_, placed);
    for (int slice = buffer.first / width_; slice <= buffer.last / width_; ++slice)
      insert(slices_[static_cast<size_t>(slice)], placed);
    return at;
  }

 private:
  static constexpr int kSlices = 128;

  static void insert(std::vector<Placed>& list, const Placed& placed) {
    list.insert(std::upper_bound(list.begin(), list.end(), placed, by_begin), placed);
  }

  /// At least those that live with the buffer, by begin.
  const std::vector<Placed>& neighbours(const LiveBuffer& buffer) {
    int from = buffer.first / width_, to = buffer.last / width_;
    if (from == to) return slices_[static_cast<size_t>(from)];
    if (to > from + 1) return all_;
    few_.clear();
    const std::vector<Placed>&left = slices_[static_cast<size_t>(from)],
          &right = slices_[static_cast<size_t>(to)];
    std::merge(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(few_), by_begin);
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
  std::vector<Placed> all_, few_;
  std::vector<std::vector<Placed>> slices_;  // what lives in a part of the time; all lists are by begin
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

/// The bytes that live at each time.
std::vector<int64_t> live_bytes(std::span<const LiveBuffer> buffers, const std::vector<int64_t>& sizes) {
  int end = 0;
  for (const LiveBuffer& b : buffers) end = std::max(end, b.last + 2);
  std::vector<int64_t> live(static_cast<size_t>(end));  // changes at first
  for (size_t i = 0; i < buffers.size(); ++i) {
    live[static_cast<size_t>(buffers[i].first)] += sizes[i];
    live[static_cast<size_t>(buffers[i].last) + 1] -= sizes[i];
  }
  std::partial_sum(live.begin(), live.end(), live.begin());
  return live;
}

/// The last time at which at least this share of the most bytes live.
int last_peak(const std::vector<int64_t>& live, int64_t most, double share) {
  auto t = static_cast<int>(live.size()) - 1;
  while (t > 0 && static_cast<double>(live[static_cast<size_t>(t)]) < share * static_cast<double>(most)) --t;
  return t;
}

/// In this order; then, while that is not the best possible, again with those first that stick out.
MemoryLayout place_and_mend(std::span<const LiveBuffer> buffers, const std::vector<int64_t>& sizes,
                            std::vector<int> order, int64_t lower_bound) {
  constexpr int64_t kMostWork = 30'000'000;  // pairs of buffers
  auto count = static_cast<int64_t>(buffers.size()) + 1;
  int64_t rounds = std::min<int64_t>(100, kMostWork / (count * count));
  MemoryLayout layout = place(buffers, sizes, order), best = layout;
  for (; rounds > 0 && best.total > lower_bound; --rounds) {
    // all that reach beyond the bound, or only the one at the top: in turns
    int64_t line = rounds % 2 ? lower_bound : layout.total - 1;
    std::stable_partition(order.begin(), order.end(), [&](int i) {
      auto b = static_cast<size_t>(i);
      return layout.offsets[b] + sizes[b] > line;
    });
    layout = place(buffers, sizes, order);
    if (layout.total < best.total) best = layout;
  }
  return best;
}

}  // namespace

MemoryLayout plan_memory(std::span<const LiveBuffer> buffers) {
  std::vector<int64_t> sizes;
  for (const LiveBuffer& b : buffers) sizes.push_back((b.bytes + kAlign - 1) / kAlign * kAlign);
  auto size = [&](int i) { return sizes[static_cast<size_t>(i)]; };
  auto span = [&](int i) {
    return buffers[static_cast<size_t>(i)].last - buffers[static_cast<size_t>(i)].first + 1;
  };
  auto first = [&](int i) { return buffers[static_cast<size_t>(i)].first; };
  auto last = [&](int i) { return buffers[static_cast<size_t>(i)].last; };
  using Less = std::function<bool(int, int)>;
  const std::vector<int64_t> live = live_bytes(buffers, sizes);
  const int64_t most = live.empty() ? 0 : *std::max_element(live.begin(), live.end());
  // What lives at a peak is a stack without gaps at any time before it (a training step's gradients).
  auto stacked = [&](double share) -> Less {
    return [&, peak = last_peak(live, most, share)](int a, int b) {
      auto at_peak = [&](int i) { return first(i) <= peak && peak <= last(i); };
      if (at_peak(a) != at_peak(b)) return at_peak(a);
      return at_peak(a) && first(a) != first(b) ? first(a) < first(b) : size(a) > size(b);
    };
  };
  const Less orders[] = {
      stacked(0.97),
      [&](int a, int b) { return size(a) != size(b) ? size(a) > size(b) : span(a) > span(b); },
      stacked(0.8),
      [&](int a, int b) { return size(a) * span(a) > size(b) * span(b); },
      stacked(0.9),
      [&](int a, int b) { return last(a) != last(b) ? last(a) > last(b) : first(a) < first(b); },
      [&](int a, int b) { return last(a) != last(b) ? last(a) > last(b) : size(a) > size(b); },
  };
  MemoryLayout best;
  for (const Less& less : orders) {
    std::vector<int> order(buffers.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), less);
    MemoryLayout layout = place_and_mend(buffers, sizes, order, most);
    if (best.offsets.empty() || layout.total < best.total) best = std::move(layout);
    if (best.total == most) break;
  }
  best.lower_bound = most;
  return best;
}

}  // namespace miai
