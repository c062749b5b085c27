// Images that lie channels-last: a pixel's channels are one stretch.
#pragma once
#include <algorithm>
#include <string>

#include "kernels/common/kernel.h"
#include "kernels/common/parallel.h"

namespace miai::kernels {

/// All inputs and outputs are channels-last images, and those that are floats are float32.
inline Support supports_channels_last(const KernelSignature& signature) {
  for (auto metas : {signature.inputs, signature.outputs})
    for (const TensorMeta& meta : metas) {
      if (is_float(meta.dtype) && meta.dtype != DType::kFloat32)
        return Support::no("dtype " + std::string(dtype_name(meta.dtype)) + ": made for float32");
      if (!meta.is_channels_last()) return Support::no("made for channels-last images");
    }
  return Support::yes();
}

/// Channels of one image that a thread works on.
struct ChannelPart {
  int64_t image, first, count;
};

/// Calls body(part) so that every channel of every image is in one part.
template <class Body>
void for_each_channel_part(const TensorMeta& x, Body&& body) {
  constexpr int64_t kPart = 64, kGrain = 8 * 1024;  // channels; elements that are worth a thread
  int64_t channels = x.shape[1], parts = (channels + kPart - 1) / kPart;
  int64_t grain = kGrain / (x.shape[2] * x.shape[3] * std::min(kPart, channels) + 1) + 1;
  parallel_for(0, x.shape[0] * parts, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t first = i % parts * kPart;
      body(ChannelPart{i / parts, first, std::min(kPart, channels - first)});
    }
  });
}

/// The part's first channel at pixel 0; pixels are shape[1] elements apart.
template <class T>
T* first_of(const TensorView& x, const ChannelPart& part) {
  return x.as<T>() + part.image * x.shape[1] * x.shape[2] * x.shape[3] + part.first;
}

}  // namespace miai::kernels
