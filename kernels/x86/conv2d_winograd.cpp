// conv2d, conv2d_bias_act and conv2d_backward_data with windows of 3 x 3 by Winograd's minimal filtering,
// where that is expected to be quicker (docs/adr/0016). Of float32, and of bfloat16 by sums of float32.
#include <algorithm>
#include <limits>

#include "kernels/common/kernel_table.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/conv2d_signature.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/winograd_panels.h"
#include "kernels/x86/winograd_support.h"

namespace miai::kernels {
namespace {

constexpr int64_t kTaps = 9;

// ---- what a call costs: cycles of 16 products each, as measured on Zen 4 ----

bool is_bfloat16(const KernelSignature& s) { return s.outputs[0].dtype == DType::kBFloat16; }

double plain_cycles(const KernelSignature& s) {
  constexpr double kShare = 0.93, kRead = 0.25;  // of the peak; a byte of the weight
  const ConvolutionSides sides = sides_of(s);
  return std::max(plain_vectors(sides) / kShare / (is_bfloat16(s) ? bfloat16_rate() : 1),
                  static_cast<double>(byte_size(sides.weight)) * kRead);
}

/// The weight's points would take more memory than they are worth: they are made as they are needed.
bool has_many_points(const KernelSignature& s, int m) {
  constexpr int64_t kMostPoints = 1 << 20;  // elements
  const ConvolutionSides sides = sides_of(s);
  const int64_t points = winograd_points(m) * winograd_points(m);
  return sides.weight.size() / kTaps * points > kMostPoints;
}

/// To make the weight's points, and what they are made of.
double weight_cycles(const KernelSignature& s, int m, double tiles, double vectors) {
  constexpr double kRead = 0.25, kGather = 400, kPanel = 80, kTranspose = 60, kTransposeTaps = 110;
  constexpr double kCached = 2e6, kWrite = 0.35;  // bytes of points beyond the caches, each of them
  constexpr double kRound = 56;                   // tiles that share a panel's points
  const double taps = static_cast<double>(sides_of(s).weight.size()) * sizeof(float);
  if (has_many_points(s, m)) {
    if (is_bfloat16(s)) return std::numeric_limits<double>::infinity();  // panels are of float32
    const double transpose = s.packed ? 0 : is_backward_data(s) ? kTransposeTaps : kTranspose;
    return vectors * (kPanel * std::max(1.0, tiles / kRound) + transpose) + taps * kRead;
  }
  const double bytes = taps / static_cast<double>(kTaps) * winograd_points(m) * winograd_points(m);
  return bytes * kRead + (s.packed ? 0 : vectors * kGather + std::max(0.0, bytes - kCached) * kWrite);
}

double winograd_cycles(const KernelSignature& s, int m) {
  constexpr double kShare = 0.87;
  constexpr double kSource = 7, kTarget = 5;  // to transform a vector of one point
  constexpr double kConvert = 1;              // the same vectors from and to bfloat16
  const ConvolutionSides sides = sides_of(s);
  const WinogradTiles cut(m, sides.target.shape[0], winograd_images(sides.target));
  const auto tiles = static_cast<double>(cut.count()), points = static_cast<double>(cut.points());
  const auto channels = static_cast<double>(sides.source.shape[1]);
  const auto source = static_cast<double>(divide_up(sides.source.shape[1], kCostLanes));  // vectors
  const auto target = static_cast<double>(divide_up(sides.target.shape[1], kCostLanes));
  const double converts = is_bfloat16(s) ? kConvert : 0;
  const double transforms = (kSource + converts) * source + (kTarget + converts) * target;
  return tiles * points * (channels * target / kShare + transforms) +
         weight_cycles(s, m, tiles, channels * target);
}

int best_tile(const KernelSignature& s) { return winograd_cycles(s, 4) < winograd_cycles(s, 2) ? 4 : 2; }

// ---- which calls ----

Support supports_winograd(const KernelSignature& s) {
  const ConvolutionSides sides = sides_of(s);
  if (Support can = supports_winograd_sides(s, sides, {DType::kFloat32, DType::kBFloat16}); !can.ok)
    return can;
  if (is_bfloat16(s) && !(sides.source.is_channels_last() && sides.target.is_channels_last()))
    return Support::no("images of bfloat16 that are not channels-last");
  if (is_bfloat16(s) && s.inputs.size() > 3 && s.inputs[3].present)
    return Support::no("a residual of bfloat16");
  if (s.inputs.size() > 2 && s.inputs[2].present && !s.inputs[2].is_dense())
    return Support::no("a bias with gaps");
  if (s.inputs.size() > 3 && s.inputs[3].present &&
      !(s.inputs[3].is_channels_last() && s.outputs[0].is_channels_last()))
    return Support::no("a residual or an output that is not channels-last");
  return supports_winograd_cost(winograd_cycles(s, best_tile(s)), plain_cycles(s));
}

// ---- the kernels ----

WinogradConvolution convolution_of(const KernelSignature& s) {
  const bool backward = is_backward_data(s);
  const ConvolutionSides sides = sides_of(s);
  const Pair padding = conv2d_attrs_of(s).padding;
  const int64_t of_second = kTaps, of_first = kTaps * sides.weight.shape[1];  // strides of the weight's dims
  WinogradConvolution c;
  c.target = winograd_images(sides.target);
  c.tiles = {best_tile(s), sides.target.shape[0], c.target};
  c.source = {winograd_images(sides.source), winograd_points(c.tiles.m),
              backward ? Pair{2 - padding[0], 2 - padding[1]} : padding,
              winograd_loops().input[c.tiles.kind()]};
  c.weight_out = backward ? of_second : of_first;
  c.weight_channel = backward ? of_first : of_second;
  c.flipped = backward, c.packed = s.packed;
  if (s.op == "conv2d_bias_act") c.activation = activation_of(s.attrs.as<Conv2dActAttrs>().activation);
  return c;
}

Prepared prepare(const KernelSignature& s) {
  const WinogradConvolution convolution = convolution_of(s);
  auto state = has_many_points(s, convolution.tiles.m)
                   ? std::make_shared<WinogradCut>(WinogradPanels{convolution})
                   : std::make_shared<WinogradCut>(WinogradBlocks{convolution});
  return std::visit(
      [&](auto& cut) -> Prepared {
        cut.finish();
        auto bytes = [](int64_t elements) { return static_cast<size_t>(elements) * sizeof(float); };
        if (s.packed) return {state, bytes(cut.scratch_elements()), bytes(cut.weight_elements)};
        return {state, bytes(cut.weight_elements + cut.scratch_elements())};
      },
      *state);
}

void pack(const void* state, const TensorView& weight, void* packed) {
  std::visit([&](const auto& cut) { pack_winograd(cut, weight, static_cast<float*>(packed)); },
             *static_cast<const WinogradCut*>(state));
}

void run(const KernelArgs& args, const TensorView& source, const TensorView& weight) {
  std::visit([&](const auto& cut) { run_winograd(cut, args, source, weight); }, args.state_as<WinogradCut>());
}

}  // namespace

void register_x86_conv2d_winograd(KernelTable& table) {
  add_convolutions<run>(table, "winograd", supports_winograd, prepare, pack,
                        ChannelsLast{.together = false, .preferred = true});
}

}  // namespace miai::kernels
