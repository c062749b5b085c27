// Images that lie channels-last: every sample of every operator by the kernels that take them, and which
// chains of steps are given that layout.
#include "graph/compile/layouts.h"

#include <gtest/gtest.h>

#include <set>

#include "graph/ops/pointwise.h"
#include "graph/ops/tables.h"
#include "test/graph/compile/run_text.h"
#include "test/kernels/kernel_check.h"

namespace miai {
namespace {

using namespace testing;

test::Tensor tensor_of(const Sample& sample, size_t i, std::mt19937& rng) {
  const auto& input = sample.inputs[i];
  if (!input) return test::Tensor::absent();
  test::Tensor t = test::Tensor::random(input->dtype, input->shape, rng);
  for (int64_t k = 0; k < t.view().size(); ++k) {
    double share = std::abs(t.at(k)),
           value = input->low + (input->high - input->low) * (share - std::floor(share));
    t.set(k, k < static_cast<int64_t>(input->values.size()) ? input->values[static_cast<size_t>(k)] : value);
  }
  return t;
}

/// Compares the kernel that takes the sample channels-last with the reference; its name, or "".
std::string check_sample(const OpDef& op, const Sample& sample) {
  std::mt19937 rng(static_cast<unsigned>(sample.seed));
  Function f(op.name);
  std::vector<Value*> values;
  std::vector<test::Tensor> inputs;
  std::vector<TensorMeta> input_metas, output_metas;
  for (size_t i = 0; i < sample.inputs.size(); ++i) {
    const auto& input = sample.inputs[i];
    values.push_back(input ? f.add_input({input->dtype, to_dims(input->shape), {}}, "") : nullptr);
    inputs.push_back(tensor_of(sample, i, rng));
    input_metas.push_back(inputs.back().view());
  }
  Node* node = f.add_node(op, op.attrs ? parse_attrs(op.name, *op.attrs, sample.attrs) : Attrs(), values);
  for (const Value* output : node->outputs) {
    if (!is_static(output->type.shape)) return "";
    output_metas.push_back(dense_meta(output->type.dtype, static_shape(output->type.shape)));
  }
  if (op.is_view() || op.name == "to_device" || output_metas.empty()) return "";
  KernelCall kernel = kernel_call(op, node->attrs, input_metas, output_metas);
  const auto& kernels = KernelTable::global().find(DeviceKind::kCpu, kernel.op);
  if (kernels.empty()) return "";  // a composite
  ChannelsLastCall call(*node, node->attrs, input_metas, output_metas, false);
  if (!call.kernel || (call.image_inputs.empty() && call.image_outputs.empty())) return "";
  test::Call row_major{kernel.op, kernel.attrs, inputs, output_metas};
  std::vector<test::Tensor> expected = test::PreparedKernel(*kernels.back(), row_major).run();
  test::Call last{kernel.op, kernel.attrs, inputs, call.outputs};
  for (size_t i : call.image_inputs) last.inputs[i] = inputs[i].laid_out(call.inputs[i]);
  test::PreparedKernel prepared(*call.chosen, last);
  EXPECT_TRUE(prepared.support.ok) << op.name << " by " << call.chosen->name << ": "
                                   << prepared.support.reason;
  test::expect_close(prepared.run(), expected, 2000, op.name + " by " + call.chosen->name);
  return call.chosen->name;
}

TEST(Layouts, KernelsAgreeOnImagesThatLieChannelsLast) {
  std::set<std::string> compared;
  for (const OpDef* op : OpTable::global().all()) {
    const SampleList* list = SampleTable::global().find(op->name);
    for (size_t i = 0; list && i < list->valid_samples.size(); ++i) {
      SCOPED_TRACE(op->name + " sample " + std::to_string(i + 1));
      compared.insert(check_sample(*op, list->valid_samples[i]));
    }
  }
  for (const char* name :
       {"x86/batch_norm", "x86/batch_norm_backward", "x86/batch_norm_act", "x86/batch_norm_act_backward",
        "x86/pointwise", "x86/sum", "x86/max_pool2d_channels_last", "x86/max_pool2d_backward_channels_last",
        "x86/max_pool2d_gather_channels_last", "x86/adaptive_max_pool2d_channels_last",
        "x86/avg_pool2d_channels_last", "x86/avg_pool2d_backward_channels_last",
        "x86/adaptive_avg_pool2d_channels_last", "x86/adaptive_avg_pool2d_backward_channels_last"})
    EXPECT_TRUE(compared.count(name)) << "no sample for " << name;
}

/// Instructions of the plan whose output 0 lies channels-last (and not row-major as well).
std::vector<std::string> channels_last_ops(const Plan& plan) {
  std::vector<std::string> ops;
  for (const Instruction& i : plan.instructions) {
    const TensorMeta& out = plan.operands[static_cast<size_t>(i.first_operand + i.input_count)].meta;
    if (out.is_channels_last() && !out.is_dense()) ops.push_back(i.op);
  }
  return ops;
}

constexpr const char* kTwoConvolutions =
    R"(func @main(%0 x: float32[2, 32, 8, 8], %1 w: float32[32, 32, 3, 3]) {
    %2 = conv2d(%0, %1) {padding=[1, 1]}: float32[2, 32, 8, 8]
    %3 = relu(%2): float32[2, 32, 8, 8]
    %4 = conv2d(%3, %1) {padding=[1, 1]}: float32[2, 32, 8, 8]
    %5 = mean(%4) {axis=[2, 3]}: float32[2, 32]
    return %5
  })";

bool has_onednn() {
  const auto& kernels = KernelTable::global().find(DeviceKind::kCpu, "conv2d");
  return std::any_of(kernels.begin(), kernels.end(),
                     [](const auto& k) { return k->name == "x86/conv2d_onednn"; });
}

TEST(Layouts, ChainsOfConvolutionsLieChannelsLast) {
  if (!has_onednn()) GTEST_SKIP() << "built without oneDNN";
  std::vector<Shape> shapes{{2, 32, 8, 8}, {32, 32, 3, 3}};
  Compiled two(kTwoConvolutions, 2), one(kTwoConvolutions, 1);
  EXPECT_GE(channels_last_ops(*two.executable->plan(shapes)).size(), 2u);
  EXPECT_TRUE(channels_last_ops(*one.executable->plan(shapes)).empty()) << "level 1 chooses no layouts";
  std::vector<float> x(2 * 32 * 64), w(32 * 32 * 9);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) - 6;
  for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i % 7) / 50;
  auto run = [&](Compiled& f) {
    return values_of(f.run({make_tensor({2, 32, 8, 8}, x), make_tensor({32, 32, 3, 3}, w)})[0]);
  };
  std::vector<float> of_two = run(two), of_one = run(one);
  for (size_t i = 0; i < of_one.size(); ++i)
    EXPECT_NEAR(of_two[i], of_one[i], 1e-3 * std::abs(of_one[i]) + 1e-3);
}

// The kernel that would run row-major there lays its images out anew: no reason to keep them row-major.
TEST(Layouts, DepthwiseConvolutionsAreOfTheChain) {
  if (!has_onednn()) GTEST_SKIP() << "built without oneDNN";
  constexpr const char* kBlock =
      R"(func @main(%0 x: float32[1, 24, 28, 28], %1 w: float32[144, 24, 1, 1], %2 d: float32[144, 1, 3, 3], %3 v: float32[24, 144, 1, 1]) {
    %4 = conv2d(%0, %1): float32[1, 144, 28, 28]
    %5 = conv2d(%4, %2) {padding=[1, 1], groups=144}: float32[1, 144, 28, 28]
    %6 = conv2d(%5, %3): float32[1, 24, 28, 28]
    %7 = mean(%6) {axis=[2, 3]}: float32[1, 24]
    return %7
  })";
  Compiled f(kBlock, 2);
  const std::vector<Shape> shapes{{1, 24, 28, 28}, {144, 24, 1, 1}, {144, 1, 3, 3}, {24, 144, 1, 1}};
  EXPECT_GE(channels_last_ops(*f.executable->plan(shapes)).size(), 2u);
}

#if defined(__x86_64__)
// Its weight is no image, and stays as it is.
TEST(Layouts, TheCallIsThatOfTheKernelWhichWouldBeFound) {
  use_toy_ops();
  FunctionPtr f = parse_function(R"(func @main(%0 x: float32[4, 50, 16, 16], %1 w: float32[50, 50, 3, 3]) {
    %2 = conv2d(%0, %1) {padding=[1, 1]}: float32[4, 50, 16, 16]
    return %2
  })");
  const Node& node = *f->nodes[0];
  const Shape image{4, 50, 16, 16};
  const std::vector<TensorMeta> inputs{dense_meta(DType::kFloat32, image),
                                       dense_meta(DType::kFloat32, {50, 50, 3, 3})};
  ChannelsLastCall call(node, node.attrs, inputs, {dense_meta(DType::kFloat32, image)}, false);
  ASSERT_TRUE(call.kernel);
  EXPECT_EQ(call.chosen->name, "x86/conv2d_winograd");
  EXPECT_TRUE(call.inputs[0].is_channels_last() && call.outputs[0].is_channels_last());
  EXPECT_TRUE(call.inputs[1].is_dense());
}
#endif

// As operators of plugins may be.
TEST(Layouts, KernelsThatKnowOnlyRowsGetThem) {
  constexpr std::string_view kMixed = R"(func @main(%0 x: float32[2, 32, 8, 8], %1 w: float32[32, 32, 3, 3]) {
    %2 = conv2d(%0, %1) {padding=[1, 1]}: float32[2, 32, 8, 8]
    %3 = relu(%2): float32[2, 32, 8, 8]
    %4 = conv2d(%3, %1) {padding=[1, 1]}: float32[2, 32, 8, 8]
    %5 = toy_rows(%4): float32[2, 32, 8, 8]
    %6 = conv2d(%5, %1) {padding=[1, 1]}: float32[2, 32, 8, 8]
    %7 = conv2d(%4, %1) {padding=[1, 1]}: float32[2, 32, 8, 8]
    %8 = add(%6, %7): float32[2, 32, 8, 8]
    %9 = mean(%8) {axis=[2, 3]}: float32[2, 32]
    return %9
  })";
  std::vector<float> x(2 * 32 * 64), w(32 * 32 * 9);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) - 6;
  for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i % 7) / 300;
  auto run = [&](int level) {
    Compiled f(kMixed, level);
    return values_of(f.run({make_tensor({2, 32, 8, 8}, x), make_tensor({32, 32, 3, 3}, w)})[0]);
  };
  std::vector<float> of_two = run(2), of_one = run(1);
  for (size_t i = 0; i < of_one.size(); ++i)
    EXPECT_NEAR(of_two[i], of_one[i], 1e-3 * std::abs(of_one[i]) + 1e-3);
}

TEST(Layouts, ResultsAreRowMajor) {
  Compiled f(R"(func @main(%0 x: float32[2, 32, 8, 8], %1 w: float32[32, 32, 3, 3]) {
    %2 = conv2d(%0, %1) {padding=[1, 1]}: float32[2, 32, 8, 8]
    %3 = relu(%2): float32[2, 32, 8, 8]
    %4 = conv2d(%3, %1) {padding=[1, 1]}: float32[2, 32, 8, 8]
    return %4, %3
  })",
             2);
  for (const Operand& output : f.executable->plan(std::vector<Shape>{{2, 32, 8, 8}, {32, 32, 3, 3}})->outputs)
    EXPECT_TRUE(output.meta.is_dense());
}

}  // namespace
}  // namespace miai
