// conv2d_backward_weight of float32 with windows of 3 x 3 by the transpose of Winograd's filtering, where
// that is expected to be quicker (docs/adr/0016).
#include "kernels/common/kernel_table.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/conv2d_signature.h"
#include "kernels/x86/winograd_support.h"
#include "kernels/x86/winograd_weight_gradient.h"

namespace miai::kernels {
namespace {

/// Cycles as measured on Zen 4; a vector of products alone takes as long as two.
double winograd_cycles(const ConvolutionSides& sides, int m) {
  constexpr double kShare = 0.8;  // of the peak
  constexpr double kTile = 14;    // to make a vector of one point, to write and to read it
  constexpr double kTaps = 12;    // to make taps of a vector of one point, to write and to read it
  const WinogradTiles tiles(m, sides.target.shape[0], winograd_images(sides.target));
  const auto count = static_cast<double>(tiles.count()), points = static_cast<double>(tiles.points());
  const auto channels = static_cast<double>(sides.source.shape[1]);
  const auto source = static_cast<double>(divide_up(sides.source.shape[1], kCostLanes));  // vectors
  const auto target = static_cast<double>(divide_up(sides.target.shape[1], kCostLanes));
  const double products =
      channels * static_cast<double>(round_up(divide_up(sides.target.shape[1], kCostLanes), 2));
  return points * (count * (products / kShare + kTile * (source + target)) + channels * target * kTaps);
}

int best_tile(const ConvolutionSides& sides) {
  return winograd_cycles(sides, 4) < winograd_cycles(sides, 2) ? 4 : 2;
}

Support supports(const KernelSignature& s) {
  constexpr double kPlainShare = 0.9;
  const ConvolutionSides sides = sides_of(s);
  if (Support can = supports_winograd_sides(s, sides); !can.ok) return can;
  return supports_winograd_cost(winograd_cycles(sides, best_tile(sides)), plain_vectors(sides) / kPlainShare);
}

Prepared prepare(const KernelSignature& s) {
  auto state = std::make_shared<WinogradWeightGradient>();
  const ConvolutionSides sides = sides_of(s);
  const WinogradImages target = winograd_images(sides.target);
  state->tiles = {best_tile(sides), sides.target.shape[0], target};
  const int m = state->tiles.m, kind = state->tiles.kind();
  state->source = {winograd_images(sides.source), winograd_points(m), conv2d_attrs_of(s).padding,
                   winograd_loops().input[kind]};
  state->gradient = {target, m, {0, 0}, winograd_loops().output_gradient[kind]};
  state->finish();
  return {state, static_cast<size_t>(state->workspace_elements()) * sizeof(float)};
}

}  // namespace

void register_x86_conv2d_weight_winograd(KernelTable& table) {
  table.add({.op = "conv2d_backward_weight",
             .name = "x86/conv2d_backward_weight_winograd",
             .supports = supports,
             .prepare = prepare,
             .run = run_winograd_weight_gradient,
             .preference = 30,
             .channels_last = ChannelsLast{.inputs = {0, 1}, .together = false, .preferred = true}});
}

}  // namespace miai::kernels
