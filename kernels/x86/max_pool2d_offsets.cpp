// max_pool2d_offsets and max_pool2d_indices on several threads, where rows or pixels lie without gaps.
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/pool_offset.h"

namespace miai::kernels {
namespace {

/// to = change(from, the window's begin), an image's row at a time.
template <class From, class To, class Change>
void change_each(const KernelArgs& args, Change&& change) {
  PoolOffset windows(args.attrs_as<PoolOffsetAttrs>());
  const TensorView &from = args.inputs[0], &to = args.outputs[0];
  int64_t channels = to.shape[1], rows = to.shape[2], columns = to.shape[3];
  constexpr int64_t kGrain = 16 * 1024;  // elements that are worth a thread
  bool is_last = from.is_channels_last() && to.is_channels_last();
  int64_t count = is_last ? columns * channels : columns;  // elements without gaps
  int64_t runs = to.size() / std::max<int64_t>(count, 1);
  parallel_for(0, runs, kGrain / std::max<int64_t>(count, 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t run = begin; run < end; ++run) {
      const From* x = from.as<From>() + run * count;
      To* y = to.as<To>() + run * count;
      for (int64_t j = 0; j < columns; ++j) {
        int64_t first = windows.begin(run % rows, j);
        if (!is_last) {
          y[j] = change(windows, x[j], first);
          continue;
        }
        for (int64_t c = j * channels; c < (j + 1) * channels; ++c) y[c] = change(windows, x[c], first);
      }
    }
  });
}

Support without_gaps(const KernelSignature& s) {
  const TensorMeta &in = s.inputs[0], &out = s.outputs[0];
  bool alike = (in.is_dense() && out.is_dense()) || (in.is_channels_last() && out.is_channels_last());
  return alike ? Support::yes() : Support::no("images with gaps, or that lie in two ways");
}

void run_offsets(const KernelArgs& args) {
  change_each<int32_t, uint8_t>(args, [](auto& w, auto index, auto begin) { return w.offset(index, begin); });
}
void run_indices(const KernelArgs& args) {
  change_each<uint8_t, int32_t>(args,
                                [](auto& w, auto offset, auto begin) { return w.index(offset, begin); });
}

}  // namespace

void register_x86_max_pool2d_offsets(KernelTable& table) {
  auto add = [&](const char* op, void (*run)(const KernelArgs&)) {
    table.add({.op = op,
               .name = std::string("x86/") + op,
               .supports = without_gaps,
               .run = run,
               .preference = 10,
               .channels_last = ChannelsLast{.every = true}});
  };
  add("max_pool2d_offsets", run_offsets);
  add("max_pool2d_indices", run_indices);
}

}  // namespace miai::kernels
