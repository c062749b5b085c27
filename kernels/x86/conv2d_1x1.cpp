// conv2d, conv2d_bias_act and conv2d_backward_data of float32 with windows of one pixel, for images that lie
// channels-last: a product of the pixels' channels with the weight.
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/conv2d_signature.h"
#include "kernels/x86/epilogue.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/panel_product.h"

namespace miai::kernels {
namespace {

Support supports(const KernelSignature& s) {
  if (Support can = supports_floats(s); !can.ok) return can;
  const Conv2dAttrs a = conv2d_attrs_of(s);
  const auto [source, weight, target] = sides_of(s);
  if (weight.shape[2] * weight.shape[3] != 1 || a.groups != 1 || a.padding != Pair{0, 0})
    return Support::no("made for windows of one pixel, without padding and groups");
  if (is_backward_data(s) && a.stride != Pair{1, 1}) return Support::no("a gradient with stride");
  for (const TensorMeta* image : {&source, &target})
    if (!image->is_channels_last()) return Support::no("made for channels-last images");
  if (!weight.is_dense()) return Support::no("a weight with gaps");
  if (s.inputs.size() > 2 && s.inputs[2].present && !s.inputs[2].is_dense())
    return Support::no("a bias with gaps");
  if (s.inputs.size() > 3 && s.inputs[3].present && !s.inputs[3].is_channels_last())
    return Support::no("a residual that is not channels-last");
  return current_isa() == Isa::kAvx512 ? Support::yes()
                                       : Support::only_if_needed("oneDNN's is quicker without AVX-512");
}

struct State {
  Panels panels;
  bool packed = false, flipped = false;    // the weight: comes packed, is read by its rows
  int64_t batch = 1, lines = 1, rows = 0;  // of an image
  int64_t line = 0, row = 0, image = 0;    // elements of the source from one to the next
  Bounds bounds;
};

/// The pixels that are read: one line for the whole batch where they follow each other.
void set_lines(State& s, const TensorMeta& source, const TensorMeta& target, const Pair& stride) {
  const int64_t channels = source.shape[1], height = target.shape[2], width = target.shape[3];
  s.row = stride[1] * channels;
  s.batch = target.shape[0];
  s.image = source.shape[2] * source.shape[3] * channels;
  if (stride == Pair{1, 1}) {
    s.rows = s.batch * height * width;
    s.batch = 1;
  } else {
    s.lines = height, s.rows = width;
    s.line = stride[0] * source.shape[3] * channels;
  }
}

Prepared prepare(const KernelSignature& signature) {
  auto state = std::make_shared<State>();
  State& s = *state;
  s.flipped = is_backward_data(signature);
  s.packed = signature.packed;
  const auto [source, weight, target] = sides_of(signature);
  s.panels = Panels(source.shape[1], target.shape[1]);
  set_lines(s, source, target, conv2d_attrs_of(signature).stride);
  if (signature.op == "conv2d_bias_act")
    s.bounds = bounds_of(activation_of(signature.attrs.as<Conv2dActAttrs>().activation));
  const size_t bytes = static_cast<size_t>(s.panels.elements()) * sizeof(float);
  if (s.packed) return {state, 0, bytes};
  return {state, bytes};
}

void pack(const void* state, const TensorView& weight, void* packed) {
  const State& s = *static_cast<const State*>(state);
  s.panels.pack(weight.as<float>(), !s.flipped, weight.shape[1], static_cast<float*>(packed));
}

void run(const KernelArgs& args, const TensorView& source, const TensorView& weight) {
  const auto& s = args.state_as<State>();
  auto pointer = [&](size_t i) {
    return i < args.inputs.size() && args.inputs[i].present ? args.inputs[i].as<float>() : nullptr;
  };
  const float* packed = weight.as<float>();
  if (!s.packed) {
    pack(args.state, weight, args.workspace);
    packed = static_cast<const float*>(args.workspace);
  }
  const TensorView& out = args.outputs[0];
  const int64_t out_image = s.lines * s.rows * s.panels.columns();
  for (int64_t image = 0; image < s.batch; ++image) {
    const float* z = pointer(3);
    PanelOperands operands{.lines = s.lines,
                           .rows = s.rows,
                           .x = source.as<float>() + image * s.image,
                           .line = s.line,
                           .row = s.row,
                           .packed = packed,
                           .bias = pointer(2),
                           .z = z ? z + image * out_image : nullptr,
                           .y = out.as<float>() + image * out_image,
                           .least = s.bounds.least,
                           .most = s.bounds.most};
    multiply_by_panels(s.panels, operands, args.context);
  }
  if (s.bounds.after == Activation::kIdentity) return;
  parallel_for(0, out.size(), 16 * 1024, [&](int64_t begin, int64_t end) {
    activate(s.bounds.after, out.as<float>() + begin, end - begin);
  });
}

}  // namespace

void register_x86_conv2d_1x1(KernelTable& table) {
  add_convolutions<run>(table, "1x1", supports, prepare, pack, ChannelsLast{.preferred = true});
}

}  // namespace miai::kernels
