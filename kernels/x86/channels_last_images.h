// Images that lie channels-last: a pixel's channels are one stretch.
#pragma once
#include <algorithm>

#include "kernels/common/kernel.h"
#include "kernels/common/parallel.h"
#include "kernels/common/supported_dtypes.h"

namespace miai::kernels {

/// All inputs and outputs are channels-last images, and those that are floats are of one of the dtypes.
inline Support supports_channels_last(const KernelSignature& signature,
                                      std::initializer_list<DType> floats = {DType::kFloat32}) {
  if (Support can = supports_floats(signature, floats); !can.ok) return can;
  for (auto metas : {signature.inputs, signature.outputs})
    for (const TensorMeta& meta : metas)
      if (!meta.is_channels_last()) return Support::no("made for channels-last images");
  return Support::yes();
}

/// Channels of one image that a thread works on.
struct ChannelPart {
  int64_t image, first, count;
};

/// Calls body(part, row) so that every channel of every row of every image is in one call. Within a part,
/// rows follow each other.
template <class Body>
void for_each_channel_row(const TensorMeta& x, int64_t rows, Body&& body) {
  constexpr int64_t kPart = 64, kGrain = 8 * 1024;  // channels; elements that are worth a thread
  const int64_t channels = x.shape[1], parts = (channels + kPart - 1) / kPart;
  const int64_t row_elements = x.shape[2] * x.shape[3] / rows * std::min(kPart, channels);
  parallel_for(0, x.shape[0] * parts * rows, kGrain / (row_elements + 1) + 1,
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t part = i / rows, first = part % parts * kPart;
                   body(ChannelPart{part / parts, first, std::min(kPart, channels - first)}, i % rows);
                 }
               });
}

/// The same for whole images.
template <class Body>
void for_each_channel_part(const TensorMeta& x, Body&& body) {
  for_each_channel_row(x, 1, [&](const ChannelPart& part, int64_t) { body(part); });
}

/// The part's first channel at pixel 0; pixels are shape[1] elements apart.
template <class T>
T* first_of(const TensorView& x, const ChannelPart& part) {
  return x.as<T>() + part.image * x.shape[1] * x.shape[2] * x.shape[3] + part.first;
}

}  // namespace miai::kernels
