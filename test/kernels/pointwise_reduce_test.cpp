#include <sstream>

#include "kernels/common/attrs/pointwise_reduce.h"
#include "kernels/common/parallel.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

constexpr double kFactor = 200;  // sums of up to some 10,000 elements, which cancel

using Axes = std::optional<Ints>;

const char* product_of(DType dtype) {
  return dtype == DType::kFloat64 ? "in:float64#0;in:float64#1;mul:float64,0,1>2|2"
                                  : "in:float32#0;in:float32#1;mul:float32,0,1>2|2";
}

Shape kept_shape(const Shape& shape, const Axes& axis) {
  Shape kept;
  for (int i = 0; i < shape.size(); ++i)
    if (axis && std::find(axis->begin(), axis->end(), i) == axis->end()) kept.push_back(shape[i]);
  return kept;
}

Call reduce_call(const std::string& reduction, const std::string& program, std::vector<Tensor> inputs,
                 const Axes& axis) {
  const DType dtype = inputs[0].view().dtype;
  return {"pointwise_reduce",
          make_attrs(PointwiseReduceAttrs{program_from_text(program), reduction, axis, false}),
          inputs,
          {dense_meta(dtype, kept_shape(inputs[0].view().shape, axis))}};
}

/// Of the first input's shape, or broadcast along an axis.
Tensor second_input(DType dtype, Shape shape, std::mt19937& rng) {
  if (rng() % 2) shape[static_cast<int>(rng() % shape.size())] = 1;
  return Tensor::random(dtype, shape, rng);
}

TEST(PointwiseReduce, ShapesAndStridesAgreeWithTheReference) {
  std::mt19937 rng(1);
  auto size = [&](int most) { return static_cast<int64_t>(rng() % most) + 1; };
  int compared = 0;
  for (int i = 0; i < 30; ++i) {
    const DType dtype = i % 3 == 2 ? DType::kFloat64 : DType::kFloat32;
    const int most = i % 3 == 0 ? 90 : 9;
    const Shape shape = i % 5 == 4 ? Shape{2, size(70), 3, size(9)} : Shape{size(most), size(7), size(most)};
    const std::vector<int> order = i % 5 == 4   ? std::vector<int>{0, 2, 3, 1}  // channels last
                                   : i % 4 == 1 ? std::vector<int>{2, 0, 1}
                                                : std::vector<int>{};
    const Tensor first = Tensor::random(dtype, shape, rng, order, i % 7 == 6 ? 2 : 1);
    const Tensor second = second_input(dtype, shape, rng);
    for (const char* reduction : {"sum", "mean", "max", "min"})
      for (const Axes& axis :
           {Axes(), Axes{{0}}, Axes{{2}}, Axes{{0, 2}}, Axes{{1}}, Axes{{1, 2}}, Axes{{0, 1}}}) {
        const Call call = reduce_call(reduction, product_of(dtype), {first, second}, axis);
        std::ostringstream what;
        what << reduction << shape << first.view().strides << second.view().shape;
        for_each_isa([&](const std::string& isa) {
          compared += check_kernels(call, kFactor, isa + " " + what.str());
        });
      }
  }
  EXPECT_TRUE(KernelTable::global().find(DeviceKind::kCpu, "pointwise_reduce").size() == 1 ||
              compared >= 840);
}

// Longer than a window, than a block of columns, and cut into pieces; with rows that follow one another and
// rows of all lengths about the window's.
TEST(PointwiseReduce, LongOnesKeepTheirDigits) {
  std::mt19937 rng(2);
  for (Shape shape : {Shape{1, 300001}, Shape{300001, 1}, Shape{70001, 5}, Shape{3, 10003}, Shape{9, 8192},
                      Shape{9, 8193}, Shape{5, 4097}, Shape{300, 600}, Shape{40, 2060}, Shape{5000, 17}})
    for (const char* reduction : {"sum", "max"})
      for (const Axes& axis : {Axes{{0}}, Axes{{1}}, Axes()}) {
        const Tensor first = Tensor::random(DType::kFloat32, shape, rng);
        const Tensor second = second_input(DType::kFloat32, shape, rng);
        check_kernels(reduce_call(reduction, product_of(DType::kFloat32), {first, second}, axis), kFactor,
                      reduction);
      }
}

/// The same reduction of the same elements in memory.
Tensor reduced_from_memory(const Call& call) {
  const auto& attrs = call.attrs.as<PointwiseReduceAttrs>();
  const Shape& shape = call.inputs[0].view().shape;
  const Call made{"pointwise",
                  make_attrs(PointwiseAttrs{attrs.program}),
                  call.inputs,
                  {dense_meta(DType::kFloat32, shape)}};
  const Tensor value =
      PreparedKernel(*KernelTable::global().find(DeviceKind::kCpu, "pointwise").front(), made).run()[0];
  const Call reduced{attrs.reduction, make_attrs(ReduceAttrs{attrs.axis, false}), {value}, call.outputs};
  return PreparedKernel(*KernelTable::global().find(DeviceKind::kCpu, attrs.reduction).front(), reduced)
      .run()[0];
}

TEST(PointwiseReduce, RowsAreTheSameBitsAsFromMemory) {
  std::mt19937 rng(3);
  for (Shape shape : {Shape{1, 100001}, Shape{200, 3000}, Shape{5000, 17}})
    for (const char* reduction : {"sum", "mean", "max"}) {
      const Tensor first = Tensor::random(DType::kFloat32, shape, rng);
      const Tensor second = Tensor::random(DType::kFloat32, shape, rng);
      const Call call = reduce_call(reduction, product_of(DType::kFloat32), {first, second}, Ints{1});
      const Tensor expected = reduced_from_memory(call);
      const Tensor got =
          PreparedKernel(*KernelTable::global().find(DeviceKind::kCpu, call.op).front(), call).run()[0];
      for (int64_t i = 0; i < expected.view().size(); ++i) ASSERT_EQ(got.at(i), expected.at(i)) << shape << i;
    }
}

TEST(PointwiseReduce, NanAndInfinityAreKept) {
  std::mt19937 rng(4);
  for (float special : {NAN, HUGE_VALF, -HUGE_VALF})
    for (int64_t at : {0, 17, 130})
      for (const char* reduction : {"sum", "mean", "max", "min"})
        for (int64_t axis : {0, 1}) {
          const Shape shape = axis ? Shape{2, 131} : Shape{131, 2};
          Tensor input = Tensor::random(DType::kFloat32, shape, rng);
          input.view().as<float>()[axis ? at : 2 * at] = special;
          const Call call = reduce_call(reduction, "in:float32#0;const:float32#2#0;mul:float32,0,1>2|1",
                                        {input}, Ints{axis});
          for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, call.op)) {
            const std::vector<Tensor> got = PreparedKernel(*kernel, call).run();
            const bool picked =
                call.attrs.as<PointwiseReduceAttrs>().reduction != (special > 0 ? "min" : "max");
            if (special != special) {
              EXPECT_TRUE(std::isnan(got[0].at(0))) << kernel->name << " " << at;
            } else if (picked) {
              EXPECT_EQ(got[0].at(0), special) << kernel->name << " " << at;
            }
            EXPECT_TRUE(std::isfinite(got[0].at(1))) << kernel->name;
          }
        }
}

TEST(PointwiseReduce, ThreadsChangeNoBit) {
  std::mt19937 rng(5);
  const int threads = thread_count();
  for (Shape shape : {Shape{1, 400001}, Shape{200, 3000}, Shape{9000, 50}, Shape{3000, 1030}})
    for (int64_t axis : {0, 1}) {
      const Tensor first = Tensor::random(DType::kFloat32, shape, rng);
      const Tensor second = Tensor::random(DType::kFloat32, shape, rng);
      const Call call = reduce_call("sum", "in:float32#0;in:float32#1;mul:float32,0,1;exp:float32,2>3|2",
                                    {first, second}, Ints{axis});
      const PreparedKernel kernel(*KernelTable::global().find(DeviceKind::kCpu, call.op).front(), call);
      set_thread_count(1);
      const std::vector<Tensor> one = kernel.run();
      for (int count : {2, 3, 7}) {
        set_thread_count(count);
        const std::vector<Tensor> several = kernel.run();
        for (int64_t i = 0; i < one[0].view().size(); ++i) ASSERT_EQ(one[0].at(i), several[0].at(i)) << shape;
      }
    }
  set_thread_count(threads);
}

}  // namespace
}  // namespace miai::test
