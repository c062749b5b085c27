#include "kernels/common/attrs/batch_norm.h"

#include <sstream>

#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

constexpr double kFactor = 400;

struct Case {
  Shape shape;
  std::vector<int> order;
  int gap = 1;
};

std::vector<Case> cases() {
  return {
      {{4, 3, 2, 5}, {}},   {{2, 17, 7, 9}, {}},          {{3, 33, 5, 5}, {0, 2, 3, 1}}, {{70, 19}, {}},
      {{1, 5, 28, 28}, {}}, {{300, 2, 1, 1}, {}},         {{5, 16, 3, 1}, {0, 2, 3, 1}}, {{2, 3, 40, 40}, {}},
      {{0, 3, 2, 2}, {}},   {{4, 6, 3, 3}, {1, 0, 2, 3}}, {{4, 6, 3, 3}, {}, 2},         {{9, 1}, {}}};
}

/// Images lie as the case says, results too.
TensorMeta image_meta(const Case& c) {
  bool channels_last = c.order == std::vector<int>{0, 2, 3, 1};
  return channels_last ? channels_last_meta(DType::kFloat32, c.shape) : dense_meta(DType::kFloat32, c.shape);
}

std::string text_of(const Case& c, const std::string& isa) {
  std::ostringstream out;
  out << isa << ' ' << c.shape << (c.order.empty() ? "" : " permuted");
  return out.str();
}

Call forward_call(const Case& c, bool training, int parts, std::mt19937& rng) {
  Shape channels{c.shape[1]};
  TensorMeta statistics = dense_meta(DType::kFloat32, channels);
  Call call{"batch_norm", make_attrs(BatchNormAttrs{.training = training}), {}, {image_meta(c)}};
  call.outputs.insert(call.outputs.end(), 4, statistics);
  call.inputs.push_back(Tensor::random(DType::kFloat32, c.shape, rng, c.order, c.gap));
  bool running = !training || parts & 1;
  call.inputs.push_back(running ? Tensor::random(DType::kFloat32, channels, rng) : Tensor::absent());
  Tensor var = Tensor::random(DType::kFloat32, channels, rng);
  for (int64_t i = 0; i < channels[0]; ++i)
    var.view().as<float>()[i] = std::abs(var.view().as<float>()[i]) + 0.5f;
  call.inputs.push_back(running ? std::move(var) : Tensor::absent());
  for (int bit : {2, 4})
    call.inputs.push_back(parts & bit ? Tensor::random(DType::kFloat32, channels, rng) : Tensor::absent());
  return call;
}

Call backward_call(const Case& c, bool training, bool weight, std::mt19937& rng) {
  Shape channels{c.shape[1]};
  TensorMeta statistics = dense_meta(DType::kFloat32, channels);
  Call call{"batch_norm_backward", make_attrs(BatchNormGradAttrs{training}), {}, {image_meta(c)}};
  call.outputs.insert(call.outputs.end(), 2, statistics);
  for (int i = 0; i < 2; ++i)
    call.inputs.push_back(Tensor::random(DType::kFloat32, c.shape, rng, c.order, c.gap));
  call.inputs.push_back(weight ? Tensor::random(DType::kFloat32, channels, rng) : Tensor::absent());
  for (int i = 0; i < 2; ++i) call.inputs.push_back(Tensor::random(DType::kFloat32, channels, rng));
  return call;
}

TEST(BatchNorm, LoopsAgreeWithTheReference) {
  for_each_isa([](const std::string& isa) {
    std::mt19937 rng(21);
    int compared = 0;
    for (const Case& c : cases())
      for (int parts = 0; parts < 8; ++parts)
        for (bool training : {false, true}) {
          if (training && element_count(c.shape) == 0) continue;
          Call call = forward_call(c, training, parts, rng);
          compared += check_kernels(call, kFactor, text_of(c, isa));
        }
    bool portable = KernelTable::global().find(DeviceKind::kCpu, "batch_norm").size() == 1;
    EXPECT_TRUE(portable || compared > 0);
  });
}

TEST(BatchNorm, GradientLoopsAgreeWithTheReference) {
  for_each_isa([](const std::string& isa) {
    std::mt19937 rng(22);
    for (const Case& c : cases())
      for (bool weight : {false, true})
        for (bool training : {false, true}) {
          Call call = backward_call(c, training, weight, rng);
          check_kernels(call, 4 * kFactor, text_of(c, isa));
        }
  });
}

// ---- fused with what comes after ----

constexpr const char* kActivations[] = {"identity", "relu", "relu6"};

TEST(BatchNorm, LoopsWithASumAndAnActivationAgreeWithTheReference) {
  for_each_isa([&](const std::string& isa) {
    std::mt19937 rng(24);
    for (const Case& c : cases())
      for (const char* activation : kActivations)
        for (bool has_sum : {false, true}) {
          bool training = element_count(c.shape) > 0;
          Call call = forward_call(c, training, 7, rng);
          call.op = "batch_norm_act";
          call.attrs = make_attrs(BatchNormActAttrs{{.training = training}, activation});
          Tensor z = Tensor::random(DType::kFloat32, c.shape, rng, c.order, c.gap);
          call.inputs.push_back(has_sum ? z : Tensor::absent());
          check_kernels(call, kFactor, text_of(c, isa) + " " + activation);
        }
  });
}

TEST(BatchNorm, GradientLoopsOfAnActivationAgreeWithTheReference) {
  for_each_isa([&](const std::string& isa) {
    std::mt19937 rng(25);
    for (const Case& c : cases())
      for (const char* activation : kActivations)
        for (bool training : {false, true}) {
          Call call = backward_call(c, training, true, rng);
          call.op = "batch_norm_act_backward";
          call.attrs = make_attrs(BatchNormActGradAttrs{{training}, activation});
          call.inputs.push_back(Tensor::random(DType::kFloat32, {c.shape[1]}, rng));
          check_kernels(call, 4 * kFactor, text_of(c, isa) + " " + activation);
        }
  });
}

TEST(BatchNorm, VarianceOfFarOffValuesIsKept) {
  for_each_isa([](const std::string& isa) {
    std::mt19937 rng(23);
    Call call = forward_call({{8, 4, 16, 16}, {}}, true, 0, rng);
    float* x = call.inputs[0].view().as<float>();
    for (int64_t i = 0; i < 8 * 4 * 16 * 16; ++i) x[i] += 1000;
    check_kernels(call, 2e4, isa);
  });
}

}  // namespace
}  // namespace miai::test
