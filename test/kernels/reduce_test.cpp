#include <sstream>

#include "kernels/common/attrs/layer_norm.h"
#include "kernels/common/attrs/reduce.h"
#include "kernels/common/attrs/softmax.h"
#include "kernels/common/parallel.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

constexpr double kFactor = 200;  // sums of up to some 10,000 elements, which cancel

Call reduce_call(const std::string& op, const Tensor& input, const std::optional<Ints>& axis) {
  Shape out;
  for (int i = 0; i < input.view().rank(); ++i) {
    bool reduced = !axis || std::find(axis->begin(), axis->end(), i) != axis->end();
    if (!reduced) out.push_back(input.view().shape[i]);
  }
  return {op, make_attrs(ReduceAttrs{axis, false}), {input}, {dense_meta(input.view().dtype, out)}};
}

TEST(Reduce, ShapesAndStridesAgreeWithTheReference) {
  std::mt19937 rng(1);
  auto size = [&](int most) { return static_cast<int64_t>(rng() % most) + 1; };
  int compared = 0;
  for (int i = 0; i < 60; ++i) {
    int most = i % 3 == 0 ? 90 : 9;
    Shape shape{size(most), size(7), size(most)};
    std::vector<int> order = i % 4 == 1 ? std::vector<int>{2, 0, 1} : std::vector<int>{};
    DType dtype = i % 5 == 4 ? DType::kFloat64 : DType::kFloat32;
    Tensor input = Tensor::random(dtype, shape, rng, order, i % 7 == 6 ? 2 : 1);
    for (const char* op : {"sum", "mean", "max", "min"})
      for (std::optional<Ints> axis :
           {std::optional<Ints>(), {Ints{0}}, {Ints{2}}, {Ints{0, 2}}, {Ints{1}}}) {
        std::ostringstream what;
        what << op << shape << input.view().strides;
        for_each_isa([&](const std::string& isa) {
          compared += check_kernels(reduce_call(op, input, axis), kFactor, isa + " " + what.str());
        });
      }
  }
  EXPECT_TRUE(KernelTable::global().find(DeviceKind::kCpu, "sum").size() == 1 || compared > 500);
}

TEST(Reduce, LongReductionsKeepTheirDigits) {
  std::mt19937 rng(2);
  for (Shape shape : {Shape{1, 300001}, Shape{300001, 1}, Shape{70001, 5}, Shape{3, 100003}})
    for (const char* op : {"sum", "max"})
      for (int64_t axis : {0, 1})
        check_kernels(reduce_call(op, Tensor::random(DType::kFloat32, shape, rng), Ints{axis}), kFactor, op);
}

TEST(Reduce, NanAndInfinityAreKept) {
  std::mt19937 rng(3);
  for (float special : {NAN, HUGE_VALF, -HUGE_VALF})
    for (int64_t at : {0, 17, 130})
      for (const char* op : {"sum", "mean", "max", "min"})
        for (int64_t axis : {0, 1}) {
          Shape shape = axis ? Shape{2, 131} : Shape{131, 2};
          Tensor input = Tensor::random(DType::kFloat32, shape, rng);
          input.view().as<float>()[axis ? at : 2 * at] = special;
          Call call = reduce_call(op, input, Ints{axis});
          for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, op)) {
            std::vector<Tensor> got = PreparedKernel(*kernel, call).run();
            bool picked = special > 0 ? std::string(op) != "min" : std::string(op) != "max";
            if (special != special) {
              EXPECT_TRUE(std::isnan(got[0].at(0))) << kernel->name << " " << at;
            } else if (picked) {
              EXPECT_EQ(got[0].at(0), special) << kernel->name << " " << at;
            }
            EXPECT_TRUE(std::isfinite(got[0].at(1))) << kernel->name;
          }
        }
}

TEST(Reduce, ThreadsChangeNoBit) {
  std::mt19937 rng(4);
  int threads = thread_count();
  for (Shape shape : {Shape{1, 400001}, Shape{200, 3000}})
    for (int64_t axis : {0, 1}) {
      Call call = reduce_call("sum", Tensor::random(DType::kFloat32, shape, rng), Ints{axis});
      PreparedKernel kernel(*KernelTable::global().find(DeviceKind::kCpu, "sum").front(), call);
      set_thread_count(1);
      std::vector<Tensor> one = kernel.run();
      set_thread_count(3);
      std::vector<Tensor> three = kernel.run();
      for (int64_t i = 0; i < one[0].view().size(); ++i) ASSERT_EQ(one[0].at(i), three[0].at(i));
    }
  set_thread_count(threads);
}

TEST(Softmax, AgreesWithTheReference) {
  std::mt19937 rng(5);
  for (Shape shape : {Shape{3, 5}, Shape{7, 131}, Shape{2, 1000}, Shape{4, 6, 70}, Shape{1, 1}, Shape{5, 0}})
    for (int64_t axis = 0; axis < shape.size(); ++axis)
      for (const char* op : {"softmax", "log_softmax"}) {
        Tensor input = Tensor::random(DType::kFloat32, shape, rng);
        Call call{op, make_attrs(SoftmaxAttrs{axis}), {input}, {dense_meta(DType::kFloat32, shape)}};
        for_each_isa([&](const std::string& isa) { check_kernels(call, kFactor, isa + " " + op); });
        for (int64_t i = 0; i < input.view().size(); ++i) input.view().as<float>()[i] *= 90;
        for_each_isa([&](const std::string& isa) { check_kernels(call, kFactor, isa + " " + op); });
      }
}

Call layer_norm_call(int64_t rows, int64_t n, bool affine, std::mt19937& rng) {
  Tensor parameter = affine ? Tensor::random(DType::kFloat32, {n}, rng) : Tensor::absent();
  Call call{"layer_norm", make_attrs(LayerNormAttrs{{n}, 1e-5}), {}, {}};
  call.inputs = {Tensor::random(DType::kFloat32, {rows, n}, rng), parameter, parameter};
  call.outputs = {dense_meta(DType::kFloat32, {rows, n}), dense_meta(DType::kFloat32, {rows, 1}),
                  dense_meta(DType::kFloat32, {rows, 1})};
  return call;
}

TEST(LayerNorm, AgreesWithTheReference) {
  std::mt19937 rng(6);
  for (auto [rows, n] : {std::pair<int64_t, int64_t>{3, 5}, {1, 2000}, {200, 64}, {77, 33}, {0, 4}})
    for (bool affine : {false, true}) {
      Call call = layer_norm_call(rows, n, affine, rng);
      for_each_isa([&](const std::string& isa) { check_kernels(call, 20 * kFactor, isa); });
      Call back{"layer_norm_backward", make_attrs(LayerNormGradAttrs{{n}}), {}, {}};
      back.inputs = {Tensor::random(DType::kFloat32, {rows, n}, rng), call.inputs[0], call.inputs[1],
                     Tensor::random(DType::kFloat32, {rows, 1}, rng),
                     Tensor::random(DType::kFloat32, {rows, 1}, rng)};
      back.outputs = {call.outputs[0], dense_meta(DType::kFloat32, {n}), dense_meta(DType::kFloat32, {n})};
      for_each_isa([&](const std::string& isa) { check_kernels(back, 20 * kFactor, isa); });
    }
}

}  // namespace
}  // namespace miai::test
