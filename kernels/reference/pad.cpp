// pad by a table an axis: where each index of the padded axis comes from, -1 for the constant.
#include "kernels/common/attrs/pad.h"

#include "kernels/common/bounds.h"
#include "kernels/common/convert_scalar.h"
#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

struct PadState {
  std::vector<std::vector<int64_t>> source;  // of each axis: index in the input
  int64_t before_last = 0;                   // padding before the last axis
};

int64_t source_index(const std::string& mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  if (mode == "constant") return -1;
  if (mode == "reflect") return i < 0 ? -i : 2 * (size - 1) - i;
  if (mode == "circular" || mode == "wrap") return i < 0 ? i + size : i - size;
  return i < 0 ? 0 : size - 1;
}

/// `padded` is the larger tensor, `inner` the one within.
Prepared prepare(const PadAttrs& a, const TensorMeta& inner, const TensorMeta& padded) {
  auto state = std::make_shared<PadState>();
  for (int axis = 0; axis < inner.rank(); ++axis) {
    std::vector<int64_t> source;
    for (int64_t i = 0; i < padded.shape[axis]; ++i)
      source.push_back(source_index(a.mode, i - a.pad_width[2 * axis], inner.shape[axis]));
    state->source.push_back(std::move(source));
    state->before_last = a.pad_width[2 * axis];
  }
  return {state};
}

/// Offset within the inner tensor of a row of the padded one; -1 if it is padding.
int64_t row_offset(const PadState& state, const Shape& row, const Strides& inner) {
  int64_t offset = 0;
  for (int i = 0; i < row.size(); ++i) {
    int64_t index = state.source[i][row[i]];
    if (index < 0) return -1;
    offset += index * inner[i];
  }
  return offset;
}

template <class T>
void pad_row(const PadState& state, const TensorView& in, int64_t offset, T* to, int64_t stride, T value) {
  int last = in.rank() - 1;
  const std::vector<int64_t>& source = state.source[last];
  int64_t n = static_cast<int64_t>(source.size()), step = in.strides[last];
  const T* from = in.as<T>() + offset;
  for (int64_t i = 0; i < n; ++i) {
    if (offset >= 0 && i == state.before_last && step == 1 && stride == 1 && in.shape[last] > 0) {
      std::memcpy(to + i, from, static_cast<size_t>(in.shape[last]) * sizeof(T));
      i += in.shape[last] - 1;
    } else {
      to[i * stride] = offset < 0 || source[i] < 0 ? value : from[source[i] * step];
    }
  }
}

void run_pad(const KernelArgs& args) {
  const PadState& state = args.state_as<PadState>();
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  if (out.size() == 0) return;
  visit_dtype(out.dtype, [&]<class T>() {
    T value = from_double<T>(args.attrs_as<PadAttrs>().constant_value);
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
        pad_row(state, in, row_offset(state, at.index(), in.strides), out.as<T>() + at.offset(0),
                out.strides.back(), value);
    });
  });
}

// In order: sums do not depend on threads.
void run_pad_backward(const KernelArgs& args) {
  const PadState& state = args.state_as<PadState>();
  const TensorView &dy = args.inputs[0], &dx = args.outputs[0];
  visit_dtype(dx.dtype, [&]<class T>() {
    for_each_offset(dx.shape, [&](int64_t i) { dx.as<T>()[i] = from_double<T>(0); }, dx.strides);
    Odometer<1> at(dy.shape, {dy.strides});
    for (int64_t i = 0, n = dy.size(); i < n; ++i, at.next()) {
      int64_t to = row_offset(state, at.index(), dx.strides);
      if (to >= 0) dx.as<T>()[to] = add_values(dx.as<T>()[to], dy.as<T>()[at.offset(0)]);
    }
  });
}

}  // namespace

void register_reference_pad(KernelTable& table) {
  table.add(infallible_kernel("pad", run_pad, [](const KernelSignature& s) {
    return prepare(s.attrs.as<PadAttrs>(), s.inputs[0], s.outputs[0]);
  }));
  table.add(infallible_kernel("pad_backward", run_pad_backward, [](const KernelSignature& s) {
    return prepare(s.attrs.as<PadAttrs>(), s.outputs[0], s.inputs[0]);
  }));
}

}  // namespace miai::kernels
