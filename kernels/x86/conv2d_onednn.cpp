// conv2d, its gradients and conv2d_bias_act by oneDNN. Tensors that lie as images (NCHW) are reordered to the
// layout that oneDNN chooses, in the workspace; channels-last ones are taken as they are.
#include "kernels/common/attrs/conv2d.h"

#include "kernels/common/kernel_table.h"
#include "kernels/x86/onednn.h"

namespace miai::kernels {
namespace {

using namespace onednn;
using Sizes = dnnl::memory::dims;

struct Windows {
  Sizes stride, dilation, padding;
  explicit Windows(const Conv2dAttrs& a)
      : stride(a.stride.begin(), a.stride.end()),
        dilation{a.dilation[0] - 1, a.dilation[1] - 1},
        padding(a.padding.begin(), a.padding.end()) {}
};

/// The weight's meta with a dimension of groups in front, as oneDNN has it.
TensorMeta grouped(const TensorMeta& weight, int64_t groups) {
  if (groups == 1) return weight;
  TensorMeta w = weight;
  w.shape[0] /= groups;
  w.shape.insert(0, groups);
  w.strides.insert(0, weight.strides[0] * w.shape[1]);
  return w;
}

/// The description that the convolution is asked for: the tensor's own if that is a good one, else oneDNN's
/// choice.
Desc wanted_desc(const TensorMeta& x) {
  return x.is_channels_last() && !x.is_dense() ? strided_desc(x) : any_desc(x.dtype, x.shape);
}

Conv2dAttrs attrs_of(const KernelSignature& s) {
  if (s.op == "conv2d") return s.attrs.as<Conv2dAttrs>();
  if (s.op == "conv2d_bias_act") return conv2d_attrs(s.attrs.as<Conv2dActAttrs>());
  return conv2d_attrs(s.attrs.as<Conv2dGradAttrs>());
}

bool has_input(const KernelSignature& s, size_t i) { return i < s.inputs.size() && s.inputs[i].present; }

dnnl::convolution_forward::primitive_desc forward_desc(const TensorMeta& x, const Desc& weight,
                                                       const TensorMeta& y, const Conv2dAttrs& a,
                                                       dnnl::prop_kind kind, const Desc& bias,
                                                       const dnnl::primitive_attr& attr) {
  Windows win(a);
  return {engine(),       kind,        dnnl::algorithm::convolution_direct,
          wanted_desc(x), weight,      bias,
          wanted_desc(y), win.stride,  win.dilation,
          win.padding,    win.padding, attr};
}

void build_forward(const KernelSignature& s, Program& program) {
  Conv2dAttrs a = attrs_of(s);
  const TensorMeta &x = s.inputs[0], &y = s.outputs[0];
  TensorMeta w = grouped(s.inputs[1], a.groups);
  Desc bias = has_input(s, 2) ? strided_desc(s.inputs[2]) : Desc();
  std::string activation = s.op == "conv2d_bias_act" ? s.attrs.as<Conv2dActAttrs>().activation : "identity";
  Desc z_any = any_desc(y.dtype, y.shape);
  bool adds_z = has_input(s, 3);
  auto pd = forward_desc(x, program.weight_desc(any_desc(w.dtype, w.shape)), y, a,
                         dnnl::prop_kind::forward_inference, bias,
                         attributes(activation, adds_z ? &z_any : nullptr));
  Desc x_given = strided_desc(x), w_given = strided_desc(w), y_given = strided_desc(y);
  Place out{Place::kOutput, 0};
  std::vector<Argument> list = {
      {DNNL_ARG_SRC, program.reordered({Place::kInput, 0}, x_given, pd.src_desc()), pd.src_desc()},
      {DNNL_ARG_WEIGHTS, program.weight({Place::kInput, 1}, w_given, pd.weights_desc()), pd.weights_desc()}};
  if (has_input(s, 2)) list.push_back({DNNL_ARG_BIAS, {Place::kInput, 2}, bias});
  if (adds_z)
    list.push_back({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                    program.reordered({Place::kInput, 3}, strided_desc(s.inputs[3]), pd.dst_desc()),
                    pd.dst_desc()});
  Place made = program.target(out, y_given, pd.dst_desc());
  list.push_back({DNNL_ARG_DST, made, pd.dst_desc()});
  program.add(pd, std::move(list));
  program.reorder_back(made, pd.dst_desc(), out, y_given);
}

void build_backward_data(const KernelSignature& s, Program& program) {
  Conv2dAttrs a = attrs_of(s);
  const TensorMeta &weight = s.inputs[0], &dy = s.inputs[1], &dx = s.outputs[0];
  TensorMeta w = grouped(weight, a.groups);
  auto hint = forward_desc(dx, any_desc(w.dtype, w.shape), dy, a, dnnl::prop_kind::forward_training, Desc(),
                           attributes());
  Windows win(a);
  dnnl::convolution_backward_data::primitive_desc pd(
      engine(), dnnl::algorithm::convolution_direct, wanted_desc(dx), any_desc(w.dtype, w.shape),
      wanted_desc(dy), win.stride, win.dilation, win.padding, win.padding, hint, attributes());
  Desc w_given = strided_desc(w), dy_given = strided_desc(dy), dx_given = strided_desc(dx);
  Place out{Place::kOutput, 0};
  Place made = program.target(out, dx_given, pd.diff_src_desc());
  std::vector<Argument> list = {
      {DNNL_ARG_WEIGHTS, program.reordered({Place::kInput, 0}, w_given, pd.weights_desc()),
       pd.weights_desc()},
      {DNNL_ARG_DIFF_DST, program.reordered({Place::kInput, 1}, dy_given, pd.diff_dst_desc()),
       pd.diff_dst_desc()},
      {DNNL_ARG_DIFF_SRC, made, pd.diff_src_desc()}};
  program.add(pd, std::move(list));
  program.reorder_back(made, pd.diff_src_desc(), out, dx_given);
}

void build_backward_weight(const KernelSignature& s, Program& program) {
  Conv2dAttrs a = attrs_of(s);
  const TensorMeta &x = s.inputs[0], &dy = s.inputs[1], &weight = s.outputs[0];
  TensorMeta w = grouped(weight, a.groups);
  auto hint = forward_desc(x, any_desc(w.dtype, w.shape), dy, a, dnnl::prop_kind::forward_training, Desc(),
                           attributes());
  Windows win(a);
  dnnl::convolution_backward_weights::primitive_desc pd(
      engine(), dnnl::algorithm::convolution_direct, wanted_desc(x), any_desc(w.dtype, w.shape),
      wanted_desc(dy), win.stride, win.dilation, win.padding, win.padding, hint, attributes());
  Desc x_given = strided_desc(x), dy_given = strided_desc(dy), w_given = strided_desc(w);
  Place out{Place::kOutput, 0};
  Place made = program.target(out, w_given, pd.diff_weights_desc());
  std::vector<Argument> list = {
      {DNNL_ARG_SRC, program.reordered({Place::kInput, 0}, x_given, pd.src_desc()), pd.src_desc()},
      {DNNL_ARG_DIFF_DST, program.reordered({Place::kInput, 1}, dy_given, pd.diff_dst_desc()),
       pd.diff_dst_desc()},
      {DNNL_ARG_DIFF_WEIGHTS, made, pd.diff_weights_desc()}};
  program.add(pd, std::move(list));
  program.reorder_back(made, pd.diff_weights_desc(), out, w_given);
}

/// oneDNN reads any strides but those that repeat or walk backwards.
bool has_regular_strides(const TensorMeta& meta) {
  for (int d = 0; d < meta.rank(); ++d)
    if (meta.shape[d] > 1 && meta.strides[d] <= 0) return false;
  return true;
}

Support supports_conv(const KernelSignature& s, const BuildProgram& build) {
  if (Support dtype = supports_dtype(s); !dtype.ok) return dtype;
  for (const TensorMeta& meta : s.inputs)
    if (meta.present && !has_regular_strides(meta)) return Support::no("broadcast or reversed strides");
  if (has_input(s, 2) && !s.inputs[2].is_dense()) return Support::no("a bias with gaps");
  return supports_program(s, build);
}

constexpr int64_t kFewImages = 8;

/// Along the images, or the channels of the output where there are few; the gradient of a weight sums over
/// the images.
Cut cut_of(const KernelSignature& s) {
  const bool of_data = s.op == "conv2d_backward_data", of_weight = s.op == "conv2d_backward_weight";
  const TensorMeta& out = s.outputs[0];
  const TensorMeta& weight = of_weight ? out : s.inputs[of_data ? 0 : 1];
  const TensorMeta& y = of_data || of_weight ? s.inputs[1] : out;
  Cut cut(s.inputs.size(), y.size() * weight.shape[1] * weight.shape[2] * weight.shape[3]);
  const bool one_group = attrs_of(s).groups == 1;
  if (of_weight) {
    cut.is_costly = true;
    if (one_group) cut.output = 0, cut.inputs[1] = 1;
    return cut;
  }
  cut.is_costly = one_group && out.shape[0] < kFewImages;
  cut.output = cut.is_costly ? 1 : 0;
  if (cut.output == 0) {
    cut.inputs[of_data ? 1 : 0] = 0;
  } else if (of_data) {
    cut.inputs[0] = 1;
  } else {
    cut.inputs[1] = 0;
    if (has_input(s, 2)) cut.inputs[2] = 0;
  }
  if (has_input(s, 3)) cut.inputs[3] = cut.output;
  return cut;
}

template <void (*Build)(const KernelSignature&, Program&)>
Kernel conv_kernel(const std::string& op, std::vector<int> image_inputs, std::vector<int> image_outputs) {
  return {.op = op,
          .name = "x86/" + op + "_onednn",
          .library = library_name(),
          .supports = [](const KernelSignature& s) { return supports_conv(s, Build); },
          .prepare = [](const KernelSignature& s) { return prepare_pieces(s, Build, cut_of(s)); },
          .run = run_pieces,
          .thread_invariant = false,
          .preference = 10,
          .channels_last = ChannelsLast{.inputs = std::move(image_inputs),
                                        .outputs = std::move(image_outputs),
                                        .together = false,
                                        .preferred = true}};
}

/// conv2d and conv2d_bias_act, which can take their weight packed.
void add_forward(KernelTable& table, const std::string& op, std::vector<int> image_inputs) {
  Kernel kernel = conv_kernel<build_forward>(op, std::move(image_inputs), {0});
  kernel.packs = 1;
  kernel.pack = pack_weight;
  table.add(std::move(kernel));
}

}  // namespace

void register_x86_conv2d_onednn(KernelTable& table) {
  add_forward(table, "conv2d", {0});
  add_forward(table, "conv2d_bias_act", {0, 3});
  table.add(conv_kernel<build_backward_data>("conv2d_backward_data", {1}, {0}));
  table.add(conv_kernel<build_backward_weight>("conv2d_backward_weight", {0, 1}, {}));
}

}  // namespace miai::kernels
