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

struct Peak {
  int64_t bytes = 0;  // the most that live together
  int last = 0;       // the last time that nearly as many do
};

Peak peak_of(std::span<const LiveBuffer> buffers, const std::vector<int64_t>& sizes) {
  constexpr double kNearly = 0.97;
  int end = 0;
  for (const LiveBuffer& b : buffers) end = std::max(end, b.last + 2);
  std::vector<int64_t> live(static_cast<size_t>(end));  // changes at first
  for (size_t i = 0; i < buffers.size(); ++i) {
    live[static_cast<size_t>(buffers[i].first)] += sizes[i];
    live[static_cast<size_t>(buffers[i].last) + 1] -= sizes[i];
  }
  std::partial_sum(live.begin(), live.end(), live.begin());
  Peak peak;
  for (int64_t bytes : live) peak.bytes = std::max(peak.bytes, bytes);
  for (int t = 0; t < end; ++t)
    if (static_cast<double>(live[static_cast<size_t>(t)]) >= kNearly * static_cast<double>(peak.bytes))
      peak.last = t;
  return peak;
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
  using Less = std::function<bool(int, int)>;
  auto last = [&](int i) { return buffers[static_cast<size_t>(i)].last; };
  const Peak peak = peak_of(buffers, sizes);
  auto at_peak = [&](int i) { return first(i) <= peak.last && peak.last <= last(i); };
  const Less orders[] = {
      // What lives at the peak is a stack without gaps at any time before it (a training step's gradients).
      [&](int a, int b) {
        if (at_peak(a) != at_peak(b)) return at_peak(a);
        return at_peak(a) && first(a) != first(b) ? first(a) < first(b) : size(a) > size(b);
      },
      [&](int a, int b) { return size(a) != size(b) ? size(a) > size(b) : span(a) > span(b); },
      [&](int a, int b) { return size(a) * span(a) > size(b) * span(b); },
      [&](int a, int b) { return span(a) != span(b) ? span(a) > span(b) : size(a) > size(b); },
      [&](int a, int b) { return first(a) != first(b) ? first(a) < first(b) : size(a) > size(b); },
      [&](int a, int b) { return last(a) != last(b) ? last(a) > last(b) : first(a) < first(b); },
      [&](int a, int b) { return last(a) != last(b) ? last(a) > last(b) : size(a) > size(b); },
  };
  MemoryLayout best;
  for (const Less& less : orders) {
    std::vector<int> order(buffers.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), less);
    MemoryLayout layout = place_and_mend(buffers, sizes, order, peak.bytes);
    if (best.offsets.empty() || layout.total < best.total) best = std::move(layout);
    if (best.total == peak.bytes) break;
  }
  best.lower_bound = peak.bytes;
  return best;
}

}  // namespace miai
