// What batch_norm and its gradient share: how their images lie, values of a channel, sums over rows.
#pragma once
#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "kernels/common/channel_shape.h"
#include "kernels/common/kernel.h"
#include "kernels/common/parallel.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/batch_norm.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {

inline const BatchNormLoops& batch_norm_loops() {
  return choose_isa(baseline::batch_norm_loops, avx2::batch_norm_loops, avx512::batch_norm_loops);
}

constexpr int64_t kBatchNormGrain = 16 * 1024;  // elements that are worth a thread

inline Clamp clamp_of(std::string_view activation) {
  constexpr float kNone = std::numeric_limits<float>::infinity();
  if (activation == "relu") return {true, 0, kNone};
  if (activation == "relu6") return {true, 0, 6};
  return {false, -kNone, kNone};
}

/// Channels as runs, if height and width lie without gaps.
inline std::optional<ChannelRuns> runs_of(const TensorMeta& meta) {
  ChannelShape s(meta);
  if (meta.rank() != 4 || (s.w > 1 && s.strides[3] != 1) || (s.h > 1 && s.strides[2] != s.w))
    return std::nullopt;
  return ChannelRuns{s.n, s.h * s.w, s.strides[0]};
}

/// Channels as rows, if they lie without gaps and the rows go on evenly.
inline std::optional<ChannelRows> rows_of(const TensorMeta& meta) {
  ChannelShape s(meta);
  if (s.c > 1 && s.strides[1] != 1) return std::nullopt;
  int64_t sizes[] = {s.n, s.h, s.w}, strides[] = {s.strides[0], s.strides[2], s.strides[3]};
  int64_t stride = 0, expected = 0;
  for (int i = 2; i >= 0; --i) {
    if (sizes[i] == 1) continue;
    if (!stride)
      stride = strides[i];
    else if (strides[i] != expected)
      return std::nullopt;
    expected = strides[i] * sizes[i];
  }
  return ChannelRows{s.count(), s.c, stride};
}

/// The images (the inputs listed and output 0; absent ones aside) are all runs, or all rows, of float32.
inline Support supports_images(const KernelSignature& s, std::initializer_list<size_t> images) {
  if (Support can = supports_dtype(s.inputs[0].dtype); !can.ok) return can;
  bool runs = runs_of(s.outputs[0]).has_value(), rows = rows_of(s.outputs[0]).has_value();
  for (size_t i : images) {
    if (i >= s.inputs.size() || !s.inputs[i].present) continue;
    runs = runs && runs_of(s.inputs[i]);
    rows = rows && rows_of(s.inputs[i]);
  }
  return runs || rows ? Support::yes() : Support::no("strides that are neither NCHW nor channels-last");
}

inline bool has_input(const KernelArgs& args, size_t i) {
  return i < args.inputs.size() && args.inputs[i].present;
}
inline float channel_value(const KernelArgs& args, size_t i, int64_t c, float otherwise) {
  return has_input(args, i) ? args.inputs[i].as<float>()[c * args.inputs[i].strides[0]] : otherwise;
}
/// (x - mean) * rstd * weight + bias.
inline ChannelMap<float> channel_map(float mean, float rstd, float weight, float bias) {
  return {mean, rstd * weight, bias};
}
inline void set_channel(const TensorView& out, int64_t c, double value) {
  out.as<float>()[c * out.strides[0]] = static_cast<float>(value);
}

/// Runs body(c) for each channel, several on a thread if they are short.
template <class F>
void for_each_channel(const ChannelRuns& runs, int64_t channels, F&& body) {
  int64_t count = std::max<int64_t>(runs.runs * runs.length, 1);
  parallel_for(0, channels, kBatchNormGrain / count + 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) body(c);
  });
}

/// Rows in chunks that threads sum by themselves. Their number depends on the shape alone, so that threads
/// change no bit.
class RowChunks {
 public:
  static constexpr int64_t kMost = 64;
  static constexpr int kArrays = 6;  // of one float a channel

  explicit RowChunks(const ChannelRows& rows)
      : rows_(rows.rows),
        channels_(rows.channels),
        chunk_(
            std::max<int64_t>({rows.rows / kMost, kBatchNormGrain / std::max<int64_t>(rows.channels, 1), 1}) +
            1) {}
  int64_t count() const { return (rows_ + chunk_ - 1) / chunk_; }
  size_t workspace_bytes() const {
    return static_cast<size_t>(channels_) *
           (std::max<int64_t>(count(), 1) * 2 * sizeof(double) + kArrays * sizeof(float));
  }

  /// Runs body(begin, end, first, second) for each chunk's rows and two sums a channel, which begin at 0.
  template <class F>
  void sum(void* workspace, F&& body) const {
    parallel_for(0, count(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        double* sums = sums_of(workspace, i);
        std::fill_n(sums, 2 * channels_, 0.0);
        body(i * chunk_, std::min((i + 1) * chunk_, rows_), sums, sums + channels_);
      }
    });
  }
  /// Runs body(c, sums) for each channel and its sums over all chunks, or zeros if there are no sums.
  template <class F>
  void finish(void* workspace, bool summed, F&& body) const {
    parallel_for(0, channels_, 256, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) {
        double total[2] = {};
        for (int64_t i = 0; summed && i < count(); ++i)
          for (int k = 0; k < 2; ++k) total[k] += sums_of(workspace, i)[k * channels_ + c];
        body(c, total);
      }
    });
  }
  /// Runs body(begin, end) for each chunk's rows.
  template <class F>
  void apply(F&& body) const {
    parallel_for(0, count(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) body(i * chunk_, std::min((i + 1) * chunk_, rows_));
    });
  }
  /// An array of one float a channel.
  float* array(void* workspace, int i) const {
    return reinterpret_cast<float*>(sums_of(workspace, std::max<int64_t>(count(), 1))) + i * channels_;
  }

 private:
  double* sums_of(void* workspace, int64_t chunk) const {
    return static_cast<double*>(workspace) + chunk * 2 * channels_;
  }
  int64_t rows_, channels_, chunk_;
};

/// The workspace for images that may be rows.
inline size_t rows_workspace(const KernelSignature& s) {
  auto rows = rows_of(s.outputs[0]);
  return rows ? RowChunks(*rows).workspace_bytes() : 0;
}

}  // namespace miai::kernels
