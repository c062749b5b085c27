// pad: each element from where its index leads, or the constant.
#include "kernels/common/attrs/pad.h"

#include "kernels/common/bounds.h"
#include "kernels/common/convert_scalar.h"
#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

int64_t source_index(const std::string& mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  if (mode == "constant") return -1;
  if (mode == "reflect") return i < 0 ? -i : 2 * (size - 1) - i;
  if (mode == "circular" || mode == "wrap") return i < 0 ? i + size : i - size;
  return i < 0 ? 0 : size - 1;
}

/// Offset within the inner tensor of a position in the leading axes of the padded one; -1 if it is padding.
int64_t offset_within(const PadAttrs& a, const Shape& position, const TensorMeta& inner) {
  int64_t offset = 0;
  for (int i = 0; i < position.size(); ++i) {
    int64_t index = source_index(a.mode, position[i] - a.pad_width[2 * i], inner.shape[i]);
    if (index < 0) return -1;
    offset += index * inner.strides[i];
  }
  return offset;
}

template <class T>
void pad_row(const PadAttrs& a, const TensorView& in, int64_t offset, const TensorView& out, T* to, T value) {
  const int last = in.rank() - 1;
  const int64_t n = out.shape[last], stride = out.strides[last], size = in.shape[last],
                step = in.strides[last];
  const int64_t before = a.pad_width[2 * last];
  const T* from = in.as<T>() + offset;
  for (int64_t i = 0; i < n; ++i) {
    if (offset >= 0 && i == before && step == 1 && stride == 1 && size > 0) {
      std::memcpy(to + i, from, static_cast<size_t>(size) * sizeof(T));
      i += size - 1;
    } else {
      const int64_t source = source_index(a.mode, i - before, size);
      to[i * stride] = offset < 0 || source < 0 ? value : from[source * step];
    }
  }
}

void run_pad(const KernelArgs& args) {
  const auto& attrs = args.attrs_as<PadAttrs>();
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  if (out.size() == 0) return;
  visit_dtype(out.dtype, [&]<class T>() {
    T value = from_double<T>(attrs.constant_value);
    if (out.rank() == 0) {
      *out.as<T>() = *in.as<T>();
      return;
    }
    Shape rows = out.shape;
    rows.pop_back();
    int64_t grain = std::max<int64_t>(1, (int64_t{1} << 14) / out.shape.back());
    parallel_for(0, element_count(rows), grain, [&](int64_t begin, int64_t end) {
      Odometer<1> at(rows, {out.strides});
      at.seek(begin);
      for (int64_t i = begin; i < end; ++i, at.next())
        pad_row(attrs, in, offset_within(attrs, at.index(), in), out, out.as<T>() + at.offset(0), value);
    });
  });
}

// In order: sums do not depend on threads.
void run_pad_backward(const KernelArgs& args) {
  const auto& attrs = args.attrs_as<PadAttrs>();
  const TensorView &dy = args.inputs[0], &dx = args.outputs[0];
  visit_dtype(dx.dtype, [&]<class T>() {
    for_each_offset(dx.shape, [&](int64_t i) { dx.as<T>()[i] = from_double<T>(0); }, dx.strides);
    Odometer<1> at(dy.shape, {dy.strides});
    for (int64_t i = 0, n = dy.size(); i < n; ++i, at.next()) {
      int64_t to = offset_within(attrs, at.index(), dx);
      if (to >= 0) dx.as<T>()[to] = add_values(dx.as<T>()[to], dy.as<T>()[at.offset(0)]);
    }
  });
}

}  // namespace

void register_reference_pad(KernelTable& table) {
  table.add(infallible_kernel("pad", run_pad));
  table.add(infallible_kernel("pad_backward", run_pad_backward));
}

}  // namespace miai::kernels
