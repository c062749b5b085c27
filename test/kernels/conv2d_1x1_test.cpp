// Convolution with windows of one pixel: sizes that fill tiles and panels and sizes that don't, on every
// instruction set, against the plain sums.
#if defined(__x86_64__)
#include <sstream>

#include "kernels/common/attrs/conv2d.h"
#include "kernels/common/parallel.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

struct Case {
  int64_t batch, channels, height, width, outputs;
  Pair stride{1, 1};

  Shape inp() const { return {batch, channels, height, width}; }
  Shape weight() const { return {outputs, channels, 1, 1}; }
  Shape output() const { return {batch, outputs, (height - 1) / stride[0] + 1, (width - 1) / stride[1] + 1}; }
  std::string text() const {
    std::ostringstream text;
    text << inp() << ' ' << weight() << " stride " << stride[0] << ' ' << stride[1];
    return text.str();
  }
};

/// Layers of known networks in small, then any.
std::vector<Case> cases() {
  std::vector<Case> list = {
      {1, 16, 8, 8, 96},           {1, 144, 9, 9, 24},       {2, 64, 7, 7, 256}, {1, 300, 7, 7, 160},
      {2, 32, 14, 14, 64, {2, 2}}, {1, 24, 1, 1, 1000},      {0, 8, 4, 4, 8},    {3, 1, 5, 3, 1},
      {1, 5, 300, 2, 7},           {2, 70, 9, 8, 50, {3, 2}}};
  std::mt19937 rng(41);
  auto number = [&](int least, int most) { return static_cast<int64_t>(rng() % (most - least + 1)) + least; };
  while (list.size() < 60)
    list.push_back({number(1, 3),
                    number(1, 60),
                    number(1, 9),
                    number(1, 12),
                    number(1, 120),
                    {number(1, 2), number(1, 2)}});
  return list;
}

Tensor random_images(const Shape& shape, std::mt19937& rng) {
  return Tensor::random(DType::kFloat32, shape, rng, {0, 2, 3, 1});
}
TensorMeta images(const Shape& shape) { return channels_last_meta(DType::kFloat32, shape); }

Call forward_call(const Case& c, std::mt19937& rng) {
  return {"conv2d",
          make_attrs(Conv2dAttrs{c.stride, {0, 0}, {1, 1}, 1}),
          {random_images(c.inp(), rng), Tensor::random(DType::kFloat32, c.weight(), rng)},
          {images(c.output())}};
}
Call backward_call(const Case& c, std::mt19937& rng) {
  return {"conv2d_backward_data",
          make_attrs(Conv2dGradAttrs{c.stride, {0, 0}, {1, 1}, 1, {c.height, c.width}}),
          {Tensor::random(DType::kFloat32, c.weight(), rng), random_images(c.output(), rng)},
          {images(c.inp())}};
}

const Kernel& one_by_one(const std::string& op) {
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, op))
    if (kernel->name.ends_with("1x1")) return *kernel;
  throw std::runtime_error("no kernel of " + op + " for windows of one pixel");
}

void check(const Call& call, const std::string& what) {
  constexpr double kFactor = 300;
  const Kernel& reference = *KernelTable::global().find(DeviceKind::kCpu, call.op).back();
  const std::vector<Tensor> expected = PreparedKernel(reference, call).run();
  for_each_isa([&](const std::string& isa) {
    const Kernel& kernel = one_by_one(call.op);
    for (bool packs : {false, true}) {
      if (packs && kernel.packs < 0) continue;
      const PreparedKernel prepared(kernel, call, packs);
      ASSERT_TRUE(prepared.support.ok) << what << ": " << prepared.support.reason;
      expect_close(prepared.run(), expected, kFactor, isa + ' ' + call.op + ' ' + what);
    }
  });
}

TEST(Conv2d1x1, EverySizeAndInstructionSetAgreesWithTheReference) {
  std::mt19937 rng(42);
  for (const Case& c : cases()) {
    check(forward_call(c, rng), c.text());
    if (c.stride == Pair{1, 1}) check(backward_call(c, rng), c.text());
  }
}

TEST(Conv2d1x1, AddsTheBiasAndTheResidualAndApplies) {
  std::mt19937 rng(43);
  for (const Case& c : {Case{2, 35, 9, 8, 61}, Case{2, 16, 9, 8, 24, {2, 2}}})
    for (const char* activation : {"identity", "relu", "relu6", "sigmoid", "tanh"})
      for (int parts = 0; parts < 4; ++parts) {
        Call call = forward_call(c, rng);
        call.op = "conv2d_bias_act";
        call.attrs = make_attrs(Conv2dActAttrs{c.stride, {0, 0}, {1, 1}, 1, activation});
        call.inputs.push_back(parts & 1 ? Tensor::random(DType::kFloat32, {c.outputs}, rng)
                                        : Tensor::absent());
        call.inputs.push_back(parts & 2 ? random_images(c.output(), rng) : Tensor::absent());
        check(call, activation);
      }
}

TEST(Conv2d1x1, NotANumberPassesTheActivations) {
  std::mt19937 rng(44);
  Call call = forward_call({1, 16, 8, 8, 24}, rng);
  call.inputs[0].set(0, std::nan(""));
  call.op = "conv2d_bias_act";
  for (const char* activation : {"relu", "relu6"}) {
    call.attrs = make_attrs(Conv2dActAttrs{{1, 1}, {0, 0}, {1, 1}, 1, activation});
    EXPECT_TRUE(std::isnan(PreparedKernel(one_by_one(call.op), call).run()[0].at(0))) << activation;
  }
}

TEST(Conv2d1x1, TheNumberOfThreadsChangesNoBit) {
  std::mt19937 rng(45);
  for (const Case& c : {Case{2, 130, 7, 7, 330}, Case{1, 60, 60, 61, 70}, Case{2, 90, 40, 40, 100, {2, 2}}}) {
    std::vector<Call> calls = {forward_call(c, rng)};
    if (c.stride == Pair{1, 1}) calls.push_back(backward_call(c, rng));
    for (const Call& call : calls) {
      std::vector<Tensor> expected;
      for (int threads : {1, 2, 3, 7}) {
        ThreadCountScope scope(threads);
        const std::vector<Tensor> made = PreparedKernel(one_by_one(call.op), call).run();
        if (expected.empty()) expected = made;
        expect_close(made, expected, 0, std::to_string(threads) + " threads " + c.text());
      }
    }
  }
}

TEST(Conv2d1x1, RefusesInWordsWhatItIsNotMadeFor) {
  std::mt19937 rng(46);
  const Case c{2, 8, 6, 6, 16};
  auto reason = [](const Call& call) { return PreparedKernel(one_by_one(call.op), call).support.reason; };
  Call call = forward_call(c, rng);
  call.inputs[0] = Tensor::random(DType::kFloat32, c.inp(), rng);
  EXPECT_EQ(reason(call), "made for channels-last images");
  call = forward_call(c, rng);
  call.inputs[1] = Tensor::random(DType::kFloat32, {16, 8, 3, 3}, rng);
  EXPECT_EQ(reason(call), "made for windows of one pixel, without padding and groups");
  EXPECT_EQ(reason(backward_call({2, 8, 6, 6, 16, {2, 2}}, rng)), "a gradient with stride");
}

}  // namespace
}  // namespace miai::test
#endif
