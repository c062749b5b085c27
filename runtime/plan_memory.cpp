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

/// The offset of the smallest gap between live neighbours that holds `bytes`; past the last one if none does.
int64_t best_gap(const std::vector<Placed>& placed, const LiveBuffer& buffer, int64_t bytes) {
  int64_t best = -1, best_size = 0, top = 0;
  for (const Placed& p : placed) {  // by begin
    if (p.last < buffer.first || buffer.last < p.first) continue;
    int64_t gap = p.begin - top;
    if (gap >= bytes && (best < 0 || gap < best_size)) best = top, best_size = gap;
    top = std::max(top, p.end);
  }
  return best < 0 ? top : best;
}

MemoryLayout place(std::span<const LiveBuffer> buffers, const std::vector<int64_t>& sizes,
                   const std::vector<int>& order) {
  MemoryLayout layout;
  layout.offsets.resize(buffers.size());
  std::vector<Placed> placed;
  for (int i : order) {
    const LiveBuffer& buffer = buffers[static_cast<size_t>(i)];
    int64_t bytes = sizes[static_cast<size_t>(i)];
    if (bytes == 0) continue;
    int64_t at = best_gap(placed, buffer, bytes);
    layout.offsets[static_cast<size_t>(i)] = at;
    layout.total = std::max(layout.total, at + bytes);
    auto before = [](const Placed& p, int64_t begin) { return p.begin < begin; };
    placed.insert(std::lower_bound(placed.begin(), placed.end(), at, before),
                  {at, at + bytes, buffer.first, buffer.last});
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
  MemoryLayout best;
  for (const Less& less : orders) {
    std::vector<int> order(buffers.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), less);
    MemoryLayout layout = place(buffers, sizes, order);
    if (best.offsets.empty() || layout.total < best.total) best = std::move(layout);
    if (best.total == lower_bound) break;
  }
  best.lower_bound = lower_bound;
  return best;
}

}  // namespace miai
