// Depthwise convolution: every window, stride and width on every instruction set against the plain sums.
#if defined(__x86_64__)
#include <sstream>

#include "kernels/common/attrs/conv2d.h"
#include "kernels/common/parallel.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

struct Case {
  int64_t batch, channels, height, width, kh, kw;
  Pair stride{1, 1}, padding{1, 1}, dilation{1, 1};

  int64_t count(size_t axis) const {
    const int64_t size = axis ? width : height, taps = axis ? kw : kh;
    return (size + 2 * padding[axis] - dilation[axis] * (taps - 1) - 1) / stride[axis] + 1;
  }
  bool fits() const {
    return height + 2 * padding[0] > dilation[0] * (kh - 1) &&
           width + 2 * padding[1] > dilation[1] * (kw - 1);
  }
  Shape inp() const { return {batch, channels, height, width}; }
  Shape weight() const { return {channels, 1, kh, kw}; }
  Shape output() const { return {batch, channels, count(0), count(1)}; }
  std::string text() const {
    std::ostringstream text;
    text << inp() << ' ' << weight() << ' ' << make_attrs(Conv2dAttrs{stride, padding, dilation, channels});
    return text.str();
  }
};

/// The windows of known networks, then any.
std::vector<Case> cases() {
  std::vector<Case> list = {{2, 32, 14, 14, 3, 3},
                            {1, 40, 17, 15, 3, 3, {2, 2}},
                            {2, 19, 7, 7, 5, 5, {1, 1}, {2, 2}},
                            {1, 16, 12, 16, 5, 5, {2, 2}, {2, 2}},
                            {1, 20, 9, 13, 7, 7, {1, 1}, {3, 3}},
                            {1, 33, 10, 30, 3, 3, {1, 1}, {2, 2}, {2, 2}},
                            {2, 3, 5, 9, 1, 4, {1, 1}, {0, 2}},
                            {1, 70, 1, 1, 3, 3},
                            {0, 8, 4, 4, 3, 3},
                            {9, 70, 20, 8, 3, 3}};
  std::mt19937 rng(31);
  auto number = [&](int least, int most) { return static_cast<int64_t>(rng() % (most - least + 1)) + least; };
  while (list.size() < 60) {
    Case c{number(1, 3), number(2, 40), number(1, 12), number(1, 20), number(1, 4), number(1, 5)};
    c.stride = {number(1, 3), number(1, 3)};
    c.padding = {number(0, 3), number(0, 3)};
    c.dilation = {number(1, 2), number(1, 2)};
    if (c.fits()) list.push_back(c);
  }
  return list;
}

Tensor random_images(const Shape& shape, std::mt19937& rng) {
  return Tensor::random(DType::kFloat32, shape, rng, {0, 2, 3, 1});
}
TensorMeta images(const Shape& shape) { return channels_last_meta(DType::kFloat32, shape); }

Call forward_call(const Case& c, std::mt19937& rng) {
  return {"conv2d",
          make_attrs(Conv2dAttrs{c.stride, c.padding, c.dilation, c.channels}),
          {random_images(c.inp(), rng), Tensor::random(DType::kFloat32, c.weight(), rng)},
          {images(c.output())}};
}
Attrs gradient_attrs(const Case& c, int64_t first, int64_t second) {
  return make_attrs(Conv2dGradAttrs{c.stride, c.padding, c.dilation, c.channels, {first, second}});
}
Call backward_call(const Case& c, std::mt19937& rng) {
  return {"conv2d_backward_data",
          gradient_attrs(c, c.height, c.width),
          {Tensor::random(DType::kFloat32, c.weight(), rng), random_images(c.output(), rng)},
          {images(c.inp())}};
}
Call weight_call(const Case& c, std::mt19937& rng) {
  return {"conv2d_backward_weight",
          gradient_attrs(c, c.kh, c.kw),
          {random_images(c.inp(), rng), random_images(c.output(), rng)},
          {dense_meta(DType::kFloat32, c.weight())}};
}

const Kernel& depthwise(const std::string& op) {
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, op))
    if (kernel->name.ends_with("depthwise")) return *kernel;
  throw std::runtime_error("no depthwise kernel of " + op);
}

void check(const Call& call, const std::string& what) {
  constexpr double kFactor = 300;
  const Kernel& reference = *KernelTable::global().find(DeviceKind::kCpu, call.op).back();
  const std::vector<Tensor> expected = PreparedKernel(reference, call).run();
  for_each_isa([&](const std::string& isa) {
    for (bool packs : {false, true}) {
      const Kernel& kernel = depthwise(call.op);
      if (packs && kernel.packs < 0) continue;
      const PreparedKernel prepared(kernel, call, packs);
      ASSERT_TRUE(prepared.support.ok) << what << ": " << prepared.support.reason;
      expect_close(prepared.run(), expected, kFactor, isa + ' ' + call.op + ' ' + what);
    }
  });
}

TEST(Depthwise, EveryWindowAndInstructionSetAgreesWithTheReference) {
  std::mt19937 rng(32);
  for (const Case& c : cases())
    for (const Call& call : {forward_call(c, rng), backward_call(c, rng), weight_call(c, rng)})
      check(call, c.text());
}

TEST(Depthwise, AddsTheBiasAndTheResidualAndApplies) {
  std::mt19937 rng(33);
  const Case c{2, 35, 15, 16, 3, 3};
  for (const char* activation : {"identity", "relu", "relu6", "sigmoid", "tanh"})
    for (int parts = 0; parts < 4; ++parts) {
      Call call = forward_call(c, rng);
      call.op = "conv2d_bias_act";
      call.attrs = make_attrs(Conv2dActAttrs{c.stride, c.padding, c.dilation, c.channels, activation});
      call.inputs.push_back(parts & 1 ? Tensor::random(DType::kFloat32, {c.channels}, rng)
                                      : Tensor::absent());
      call.inputs.push_back(parts & 2 ? random_images(c.output(), rng) : Tensor::absent());
      check(call, activation);
    }
}

TEST(Depthwise, NotANumberPassesTheActivations) {
  std::mt19937 rng(34);
  const Case c{1, 16, 8, 8, 3, 3};
  Call call = forward_call(c, rng);
  call.inputs[0].set(0, std::nan(""));
  for (const char* activation : {"relu", "relu6"}) {
    call.op = "conv2d_bias_act";
    call.attrs = make_attrs(Conv2dActAttrs{c.stride, c.padding, c.dilation, c.channels, activation});
    EXPECT_TRUE(std::isnan(PreparedKernel(depthwise(call.op), call).run()[0].at(0))) << activation;
  }
}

TEST(Depthwise, TheNumberOfThreadsChangesNoBit) {
  std::mt19937 rng(35);
  const Case c{5, 130, 23, 9, 3, 3};
  for (const Call& call : {forward_call(c, rng), backward_call(c, rng), weight_call(c, rng)}) {
    std::vector<Tensor> expected;
    for (int threads : {1, 2, 3, 7}) {
      ThreadCountScope scope(threads);
      const std::vector<Tensor> made = PreparedKernel(depthwise(call.op), call).run();
      if (expected.empty()) expected = made;
      expect_close(made, expected, 0, std::to_string(threads) + " threads");
    }
  }
}

TEST(Depthwise, RefusesInWordsWhatItIsNotMadeFor) {
  std::mt19937 rng(36);
  const Case c{2, 8, 6, 6, 3, 3};
  auto reason = [](const Call& call) { return PreparedKernel(depthwise(call.op), call).support.reason; };
  Call call = forward_call(c, rng);
  call.inputs[0] = Tensor::random(DType::kFloat32, c.inp(), rng);
  EXPECT_EQ(reason(call), "made for channels-last images");
  call = forward_call(c, rng);
  call.attrs = make_attrs(Conv2dAttrs{c.stride, c.padding, c.dilation, 4});
  call.inputs[1] = Tensor::random(DType::kFloat32, {8, 2, 3, 3}, rng);
  EXPECT_EQ(reason(call), "made for depthwise convolution: a group and an output for each channel");
}

}  // namespace
}  // namespace miai::test
#endif
