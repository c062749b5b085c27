// Convolution by Winograd's filtering: every tile, layout and instruction set against the plain sums.
#if defined(__x86_64__)
#include "kernels/common/attrs/conv2d.h"
#include "kernels/common/parallel.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/winograd_panels.h"
#include "kernels/x86/winograd_weight_gradient.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

struct Case {
  int64_t batch, channels, height, width, out;
  Pair padding{1, 1};

  Shape inp() const { return {batch, channels, height, width}; }
  Shape weight() const { return {out, channels, 3, 3}; }
  Shape output() const { return {batch, out, height + 2 * padding[0] - 2, width + 2 * padding[1] - 2}; }
  Conv2dAttrs attrs() const { return {.padding = padding}; }
};

// Tiles that leave the image, one row of tiles, channels that fill no vector, every padding.
const Case kCases[] = {{2, 32, 16, 16, 48},
                       {2, 29, 17, 13, 45},
                       {4, 48, 12, 15, 40, {0, 2}},
                       {4, 40, 4, 30, 51, {2, 0}},
                       {6, 50, 12, 8, 50, {2, 2}}};
// Small images: tiles of 2 x 2.
const Case kSmallCases[] = {{8, 256, 6, 6, 32}, {8, 130, 2, 6, 96}};
// Weights whose points are made a panel at a time: several chunks of channels, panels of one vector.
const Case kPanelCases[] = {{1, 256, 14, 14, 256}, {2, 203, 17, 19, 170, {0, 2}}, {1, 300, 13, 30, 111}};

enum class Lie { kRows, kChannelsLast };

TensorMeta meta_of(const Shape& shape, Lie lie) {
  return lie == Lie::kRows ? dense_meta(DType::kFloat32, shape) : channels_last_meta(DType::kFloat32, shape);
}

Tensor random_images(const Shape& shape, Lie lie, std::mt19937& rng) {
  return Tensor::random(DType::kFloat32, shape, rng).laid_out(meta_of(shape, lie));
}

Call forward_call(const Case& c, Lie source, Lie target, std::mt19937& rng) {
  return {"conv2d",
          make_attrs(c.attrs()),
          {random_images(c.inp(), source, rng), Tensor::random(DType::kFloat32, c.weight(), rng)},
          {meta_of(c.output(), target)}};
}

Call backward_call(const Case& c, Lie source, Lie target, std::mt19937& rng) {
  Conv2dGradAttrs attrs{{1, 1}, c.padding, {1, 1}, 1, {c.height, c.width}};
  return {"conv2d_backward_data",
          make_attrs(attrs),
          {Tensor::random(DType::kFloat32, c.weight(), rng), random_images(c.output(), source, rng)},
          {meta_of(c.inp(), target)}};
}

Call weight_call(const Case& c, Lie source, Lie target, std::mt19937& rng) {
  return {"conv2d_backward_weight",
          make_attrs(Conv2dGradAttrs{{1, 1}, c.padding, {1, 1}, 1, {3, 3}}),
          {random_images(c.inp(), source, rng), random_images(c.output(), target, rng)},
          {dense_meta(DType::kFloat32, c.weight())}};
}

const Kernel& winograd(const std::string& op) {
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, op))
    if (kernel->name.ends_with("winograd")) return *kernel;
  throw std::runtime_error("no kernel by Winograd's filtering");
}

const Kernel& reference(const std::string& op) {
  return *KernelTable::global().find(DeviceKind::kCpu, op).back();
}

/// What the reference makes of a call, to compare Winograd's kernel with on any instruction set.
class Check {
 public:
  explicit Check(const Call& call) : call_(call), expected_(PreparedKernel(reference(call.op), call).run()) {}

  /// The factor 600 is 7e-5 of sums whose spread is 4 to 15.
  void operator()(bool packs, const std::string& what, double factor = 600) const {
    const PreparedKernel prepared(winograd(call_.op), call_, packs);
    ASSERT_TRUE(prepared.support.ok) << what << ": " << prepared.support.reason;
    expect_close(prepared.run(), expected_, factor, call_.op + ' ' + what + (packs ? " packed" : ""));
  }

 private:
  const Call& call_;
  std::vector<Tensor> expected_;
};

/// Root mean square of the error over that of the sums in float64.
double relative_error(const Call& call) {
  Call exact = call;
  for (Tensor& input : exact.inputs) {
    Tensor wide = Tensor::zeros(DType::kFloat64, input.view().shape);
    for (int64_t i = 0; i < input.view().size(); ++i) wide.set(i, input.at(i));
    input = wide;
  }
  exact.outputs = {dense_meta(DType::kFloat64, call.outputs[0].shape)};
  std::vector<Tensor> expected = PreparedKernel(reference(call.op), exact).run(),
                      made = PreparedKernel(winograd(call.op), call).run();
  double error = 0, square = 0;
  for (int64_t i = 0; i < expected[0].view().size(); ++i) {
    error += std::pow(made[0].at(i) - expected[0].at(i), 2);
    square += std::pow(expected[0].at(i), 2);
  }
  return std::sqrt(error / square);
}

// The textbook's points 0, 1, -1, 2, -2 would have 2e-6.
constexpr double kMostError = 1.2e-6;

/// Calls body(source, target, text) with every way that images may lie.
template <class F>
void for_each_layout(F&& body) {
  for (Lie source : {Lie::kRows, Lie::kChannelsLast})
    for (Lie target : {Lie::kRows, Lie::kChannelsLast})
      body(source, target,
           std::string(source == Lie::kRows ? "rows" : "channels-last") + " to " +
               (target == Lie::kRows ? "rows" : "channels-last"));
}

std::string text_of(const Case& c) {
  std::ostringstream text;
  text << c.inp() << " to " << c.output() << ' ';
  return text.str();
}

TEST(Winograd, EveryLayoutAndInstructionSetAgreesWithTheReference) {
  std::mt19937 rng(21);
  for (const Case& c : kCases)
    for_each_layout([&](Lie source, Lie target, const std::string& layout) {
      const Call forward = forward_call(c, source, target, rng),
                 backward = backward_call(c, source, target, rng),
                 weight = weight_call(c, source, target, rng);
      const Check check_forward(forward), check_backward(backward), check_weight(weight);
      for_each_isa([&](const std::string& isa) {
        const std::string what = isa + ' ' + text_of(c) + layout;
        for (bool packs : {false, true}) check_forward(packs, what);
        check_backward(false, what);
        check_weight(false, what);
      });
    });
}

kernels::WinogradCut cut_of(const Call& call, bool packs) {
  return PreparedKernel(winograd(call.op), call, packs).state_as<kernels::WinogradCut>();
}

TEST(Winograd, LargeWeightsByPanelsAgreeWithTheReference) {
  std::mt19937 rng(29);
  for (const Case& c : kPanelCases)
    for_each_layout([&](Lie source, Lie target, const std::string& layout) {
      const Call forward = forward_call(c, source, target, rng),
                 backward = backward_call(c, source, target, rng);
      const Check check_forward(forward), check_backward(backward);
      for (const Call& call : {forward, backward})
        ASSERT_TRUE(std::holds_alternative<kernels::WinogradPanels>(cut_of(call, false)));
      for_each_isa([&](const std::string& isa) {
        const std::string what = isa + ' ' + text_of(c) + layout;
        constexpr double kFactor = 2000;  // 2.4e-4 of sums whose spread is 30 to 50
        for (bool packs : {false, true}) check_forward(packs, what, kFactor);
        check_backward(false, what, kFactor);
      });
    });
}

TEST(Winograd, SmallImagesTakeTilesOf2) {
  std::mt19937 rng(27);
  for (const Case& c : kSmallCases)
    for_each_layout([&](Lie source, Lie target, const std::string& layout) {
      const Call call = forward_call(c, source, target, rng);
      ASSERT_EQ(std::get<kernels::WinogradBlocks>(cut_of(call, true)).tiles.m, 2);
      const Check check(call);
      for_each_isa([&](const std::string& isa) { check(true, isa + ' ' + text_of(c) + layout); });
    });
}

/// The same call of bfloat16.
Call in_bfloat16(Call call) {
  for (Tensor& input : call.inputs) {
    TensorMeta meta = input.view();
    meta.dtype = DType::kBFloat16;
    Tensor narrow = Tensor::zeros(DType::kBFloat16, meta.shape).laid_out(meta);
    for (int64_t i = 0; i < meta.size(); ++i) narrow.set(i, input.at(i));
    input = narrow;
  }
  for (TensorMeta& output : call.outputs) output.dtype = DType::kBFloat16;
  return call;
}

TEST(Winograd, ImagesOfBfloat16AgreeWithTheReferenceToTheLastBit) {
  if (kernels::bfloat16_rate() > 2) GTEST_SKIP() << "plain sums are quicker on this processor";
  std::mt19937 rng(28);
  constexpr double kOneBit = 1.01;  // the sums themselves are of float32
  for (const Case& c : {Case{1, 64, 28, 28, 64}, Case{2, 61, 27, 30, 80, {0, 2}}}) {
    Call with_bias = forward_call(c, Lie::kChannelsLast, Lie::kChannelsLast, rng);
    with_bias.op = "conv2d_bias_act";
    with_bias.attrs = make_attrs(Conv2dActAttrs{.padding = c.padding, .activation = "relu"});
    with_bias.inputs.push_back(Tensor::random(DType::kFloat32, {c.out}, rng));
    with_bias.inputs.push_back(Tensor::absent());
    for (const Call& wide : {forward_call(c, Lie::kChannelsLast, Lie::kChannelsLast, rng),
                             backward_call(c, Lie::kChannelsLast, Lie::kChannelsLast, rng), with_bias}) {
      const Call call = in_bfloat16(wide);
      const Check check(call);
      for_each_isa([&](const std::string& isa) {
        for (bool packs : {false, true})
          if (!packs || winograd(call.op).packs >= 0) check(packs, isa + ' ' + text_of(c), kOneBit);
      });
    }
  }
}

const kernels::WinogradWeightGradient& weight_state(const PreparedKernel& prepared) {
  return prepared.state_as<kernels::WinogradWeightGradient>();
}

TEST(Winograd, TheWeightsGradientOfSmallImagesTakesTilesOf2) {
  std::mt19937 rng(28);
  const Case c{32, 59, 6, 6, 61};
  for_each_layout([&](Lie source, Lie target, const std::string& layout) {
    const Call call = weight_call(c, source, target, rng);
    EXPECT_EQ(weight_state(PreparedKernel(winograd(call.op), call)).tiles.m, 2);
    const Check check(call);
    for_each_isa([&](const std::string& isa) { check(false, isa + ' ' + layout); });
  });
}

TEST(Winograd, TheWeightsGradientIsSummedOverPartsRoundsAndChunks) {
  std::mt19937 rng(29);
  const Call many_tiles = weight_call({20, 33, 34, 33, 40}, Lie::kRows, Lie::kChannelsLast, rng),
             many_channels = weight_call({8, 201, 8, 7, 160}, Lie::kChannelsLast, Lie::kRows, rng),
             both = weight_call({6, 100, 15, 16, 150}, Lie::kRows, Lie::kRows, rng);
  const Kernel& kernel = winograd(both.op);
  const PreparedKernel tiles(kernel, many_tiles), channels(kernel, many_channels), prepared(kernel, both);
  EXPECT_GT(weight_state(tiles).tiles.count(), weight_state(tiles).parts * weight_state(tiles).round);
  EXPECT_GT(weight_state(channels).chunks, 1);
  EXPECT_GT(weight_state(prepared).parts, 1);
  EXPECT_GT(weight_state(prepared).chunks, 1);
  for (const Call& call : {many_tiles, many_channels, both}) EXPECT_LT(relative_error(call), kMostError);
}

TEST(Winograd, AddsTheBiasAndTheResidualAndApplies) {
  std::mt19937 rng(22);
  const Case c{2, 32, 15, 16, 45};
  for (const char* activation : {"identity", "relu", "relu6", "sigmoid", "tanh"})
    for (int parts = 0; parts < 4; ++parts) {
      const Lie lie = parts & 2 ? Lie::kChannelsLast : Lie::kRows;
      Call call = forward_call(c, lie, lie, rng);
      call.op = "conv2d_bias_act";
      call.attrs = make_attrs(Conv2dActAttrs{.padding = c.padding, .activation = activation});
      call.inputs.push_back(parts & 1 ? Tensor::random(DType::kFloat32, {c.out}, rng) : Tensor::absent());
      call.inputs.push_back(parts & 2 ? random_images(c.output(), lie, rng) : Tensor::absent());
      const Check check(call);
      for (bool packs : {false, true}) check(packs, activation);
    }
}

TEST(Winograd, TheNumberOfThreadsChangesNoBit) {
  std::mt19937 rng(23);
  const Case c{3, 40, 23, 29, 50};
  const Case deep{2, 200, 24, 24, 220};  // its sums are cut into more chunks where there are more threads
  for (const Call& call : {forward_call(c, Lie::kRows, Lie::kChannelsLast, rng),
                           forward_call(deep, Lie::kRows, Lie::kChannelsLast, rng),
                           backward_call(kPanelCases[0], Lie::kRows, Lie::kChannelsLast, rng),
                           weight_call(c, Lie::kRows, Lie::kChannelsLast, rng),
                           weight_call(deep, Lie::kRows, Lie::kChannelsLast, rng)}) {
    std::vector<Tensor> expected;
    for (int threads : {1, 2, 3, 7, 64}) {
      ThreadCountScope scope(threads);
      std::vector<Tensor> made = PreparedKernel(winograd(call.op), call).run();
      if (expected.empty()) expected = made;
      expect_close(made, expected, 0, std::to_string(threads) + " threads");
    }
  }
}

TEST(Winograd, ItsErrorIsNearThatOfPlainSums) {
  std::mt19937 rng(24);
  const Case c{1, 64, 28, 28, 64};
  EXPECT_LT(relative_error(forward_call(c, Lie::kRows, Lie::kRows, rng)), kMostError);
  EXPECT_LT(relative_error(weight_call(c, Lie::kRows, Lie::kRows, rng)), kMostError);
}

TEST(Winograd, PassesNotANumberToItsTilesAlone) {
  std::mt19937 rng(25);
  const Case c{1, 32, 32, 32, 32};
  Call call = forward_call(c, Lie::kRows, Lie::kRows, rng);
  call.inputs[0].set(0, std::nan(""));
  std::vector<Tensor> made = PreparedKernel(winograd(call.op), call).run();
  EXPECT_TRUE(std::isnan(made[0].at(0)));
  EXPECT_FALSE(std::isnan(made[0].at(c.output()[2] * c.output()[3] - 1)));
}

TEST(Winograd, RefusesInWordsWhatItIsNotMadeFor) {
  std::mt19937 rng(26);
  auto reason = [&](const Call& call) {
    Support support = PreparedKernel(winograd(call.op), call).support;
    return support.ok ? "" : support.reason;
  };
  Call strided = forward_call({1, 32, 16, 16, 32}, Lie::kRows, Lie::kRows, rng);
  strided.attrs = make_attrs(Conv2dAttrs{.stride = {2, 2}, .padding = {1, 1}});
  strided.outputs = {meta_of({1, 32, 8, 8}, Lie::kRows)};
  EXPECT_EQ(reason(strided), "made for stride and dilation 1");
  auto channels_last = [&] { return forward_call({1, 64, 28, 28, 64}, Lie::kChannelsLast, Lie::kRows, rng); };
  EXPECT_EQ(reason(in_bfloat16(channels_last())), "images of bfloat16 that are not channels-last");
  const Case large{16, 300, 14, 14, 300};  // its points would be kept: 8 times the weight's memory
  EXPECT_EQ(reason(in_bfloat16(forward_call(large, Lie::kChannelsLast, Lie::kChannelsLast, rng))),
            "plain sums are expected to be quicker");
  Call small = forward_call({1, 3, 16, 16, 8}, Lie::kRows, Lie::kRows, rng);
  EXPECT_EQ(reason(small), "plain sums are expected to be quicker");
  EXPECT_EQ(reason(forward_call({1, 32, 16, 16, 32}, Lie::kRows, Lie::kRows, rng)), "");
}

}  // namespace
}  // namespace miai::test
#endif
