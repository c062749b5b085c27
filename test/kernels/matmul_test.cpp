#include <sstream>
#include <thread>

#include "kernels/common/attrs/activation.h"
#include "kernels/common/attrs/matmul.h"
#include "kernels/common/parallel.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

constexpr double kFactor = 200;  // sums of up to some hundred products

Call matmul_call(DType dtype, int64_t m, int64_t n, int64_t k, bool ta, bool tb, std::mt19937& rng,
                 Shape batch = {}, std::vector<int> order = {}, int gap = 1) {
  Shape a = batch, b = batch, c = batch;
  a.push_back(ta ? k : m), a.push_back(ta ? m : k);
  b.push_back(tb ? n : k), b.push_back(tb ? k : n);
  c.push_back(m), c.push_back(n);
  Call call{"matmul", make_attrs(MatmulAttrs{ta, tb}), {}, {dense_meta(dtype, c)}};
  call.inputs.push_back(Tensor::random(dtype, a, rng, order, gap));
  call.inputs.push_back(Tensor::random(dtype, b, rng, order, gap));
  return call;
}

std::string text_of(const Call& call) {
  std::ostringstream out;
  out << call.attrs;
  for (const Tensor& t : call.inputs)
    out << ' ' << t.view().dtype << t.view().shape << "/" << t.view().strides;
  return out.str();
}

TEST(Matmul, RandomShapesAgreeWithTheReference) {
  for_each_isa([](const std::string& isa) {
    std::mt19937 rng(1);
    auto size = [&](int most) { return static_cast<int64_t>(rng() % most) + 1; };
    int compared = 0;
    for (int i = 0; i < 60; ++i) {
      int most = i % 3 == 0 ? 130 : 40;
      Shape batch = i % 4 == 0 ? Shape{size(3), size(2)} : Shape{};
      std::vector<int> order = i % 5 == 1 && batch.empty() ? std::vector<int>{1, 0} : std::vector<int>{};
      Call call = matmul_call(i % 7 == 3 ? DType::kFloat64 : DType::kFloat32, size(most), size(most),
                              size(most), rng() % 2, rng() % 2, rng, batch, order, i % 6 == 5 ? 2 : 1);
      compared += check_kernels(call, kFactor, isa + " " + text_of(call));
    }
    bool portable = KernelTable::global().find(DeviceKind::kCpu, "matmul").size() == 1;
    EXPECT_TRUE(portable || compared >= 60);
  });
}

TEST(Matmul, DeepAndWideAgreeWithTheReference) {
  for_each_isa([](const std::string& isa) {
    std::mt19937 rng(2);
    for (auto [m, n, k] : {std::array{1, 200, 700},
                           {200, 1, 700},
                           {13, 300, 513},
                           {257, 49, 3},
                           {64, 64, 1024},
                           {300, 301, 100}}) {
      Call call = matmul_call(DType::kFloat32, m, n, k, false, true, rng);
      check_kernels(call, 4 * kFactor, isa + " " + text_of(call));
    }
  });
}

bool supports(const char* kernel, const Call& call) {
  for (const auto& k : KernelTable::global().find(DeviceKind::kCpu, call.op))
    if (k->name == kernel) return PreparedKernel(*k, call).support.ok;
  return false;
}

TEST(Matmul, AFewRowsAgreeWithTheReference) {
  for_each_isa([](const std::string& isa) {
    std::mt19937 rng(3);
    for (int64_t m : {1, 2, 3, 4})
      for (auto [n, k] : {std::array{1, 4099}, {5, 1000}, {1030, 67}, {600, 33}, {4100, 1}})
        for (bool transposed : {false, true}) {
          Call call = matmul_call(DType::kFloat32, m, n, k, false, transposed, rng);
          EXPECT_TRUE(supports("x86/matmul_skinny", call)) << text_of(call);
          check_kernels(call, 20 * kFactor, isa + " " + text_of(call));
        }
  });
}

TEST(Matmul, StacksOfAFewRowsAgreeWithTheReference) {
  for_each_isa([](const std::string& isa) {
    std::mt19937 rng(4);
    for (bool transposed : {false, true}) {
      const Shape matrices = transposed ? Shape{3, 1, 130, 70} : Shape{3, 1, 70, 130};
      MatmulAttrs attrs;
      attrs.transpose_b = transposed;
      Call call{"matmul", make_attrs(attrs), {}, {dense_meta(DType::kFloat32, {3, 2, 2, 130})}};
      call.inputs.push_back(Tensor::random(DType::kFloat32, {2, 2, 70}, rng));
      call.inputs.push_back(Tensor::random(DType::kFloat32, matrices, rng));
      EXPECT_TRUE(supports("x86/matmul_skinny", call)) << text_of(call);
      check_kernels(call, 20 * kFactor, isa + " " + text_of(call));
    }
  });
}

TEST(Matmul, AColumnAgreesWithTheReference) {
  for_each_isa([](const std::string& isa) {
    std::mt19937 rng(5);
    for (auto [m, k] : {std::array{4099, 1}, {1000, 5}, {67, 1030}, {33, 600}})
      for (bool transposed : {false, true})
        for (const Shape& batch : {Shape{}, Shape{2, 3}}) {
          Call call = matmul_call(DType::kFloat32, m, 1, k, transposed, false, rng, batch);
          EXPECT_TRUE(supports("x86/matmul_skinny", call)) << text_of(call);
          check_kernels(call, 20 * kFactor, isa + " " + text_of(call));
        }
    Call with_vector{"matmul", make_attrs(MatmulAttrs{}), {}, {dense_meta(DType::kFloat32, {70})}};
    with_vector.inputs.push_back(Tensor::random(DType::kFloat32, {70, 130}, rng));
    with_vector.inputs.push_back(Tensor::random(DType::kFloat32, {130}, rng));
    EXPECT_TRUE(supports("x86/matmul_skinny", with_vector)) << text_of(with_vector);
    check_kernels(with_vector, 20 * kFactor, isa + " " + text_of(with_vector));
  });
}

TEST(Matmul, OurKernelIsTheSameForAnyNumberOfThreads) {
  std::mt19937 rng(8);
  int before = thread_count();
  for (const Call& call : {matmul_call(DType::kFloat32, 150, 130, 500, true, false, rng),
                           matmul_call(DType::kFloat32, 3, 2000, 500, false, false, rng),
                           matmul_call(DType::kFloat32, 2000, 1, 500, false, false, rng)})
    for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, "matmul")) {
      PreparedKernel prepared(*kernel, call);
      if (!kernel->thread_invariant || !prepared.support.ok) continue;
      set_thread_count(1);
      std::vector<Tensor> alone = prepared.run();
      set_thread_count(3);
      expect_close(prepared.run(), alone, 0, kernel->name);
      set_thread_count(before);
    }
}

TEST(Matmul, BatchIsBroadcast) {
  std::mt19937 rng(3);
  Call call{"matmul", make_attrs(MatmulAttrs{}), {}, {dense_meta(DType::kFloat32, {3, 2, 33, 40})}};
  call.inputs.push_back(Tensor::random(DType::kFloat32, {3, 1, 33, 37}, rng));
  call.inputs.push_back(Tensor::random(DType::kFloat32, {2, 37, 40}, rng));
  check_kernels(call, kFactor, text_of(call));
}

TEST(Matmul, EmptySumsAreZero) {
  std::mt19937 rng(4);
  for (auto [m, n, k] : {std::array{3, 4, 0}, {0, 4, 3}, {3, 0, 4}}) {
    Call call = matmul_call(DType::kFloat32, m, n, k, false, false, rng);
    check_kernels(call, kFactor, text_of(call));
  }
}

TEST(Matmul, BFloat16AgreesWithTheReference) {
  std::mt19937 rng(5);
  Call call = matmul_call(DType::kBFloat16, 33, 40, 64, false, true, rng);
  check_kernels(call, 4, text_of(call));
}

TEST(Linear, FusedFormsAgreeWithTheReference) {
  std::mt19937 rng(6);
  for (const char* activation : {"identity", "relu", "sigmoid", "tanh"})
    for (int parts = 0; parts < 4; ++parts)
      for (int64_t rows : {1, 5, 130}) {
        Call call{"linear_bias_act",
                  make_attrs(ActivationAttrs{activation}),
                  {},
                  {dense_meta(DType::kFloat32, {rows, 50})}};
        call.inputs.push_back(Tensor::random(DType::kFloat32, {rows, 70}, rng));
        call.inputs.push_back(Tensor::random(DType::kFloat32, {50, 70}, rng));
        call.inputs.push_back(parts & 1 ? Tensor::random(DType::kFloat32, {50}, rng) : Tensor::absent());
        call.inputs.push_back(parts & 2 ? Tensor::random(DType::kFloat32, {rows, 50}, rng)
                                        : Tensor::absent());
        check_kernels(call, kFactor, std::string(activation) + " " + text_of(call));
      }
}

TEST(Matmul, OnePreparedStateServesThreads) {
  std::mt19937 rng(7);
  Call call = matmul_call(DType::kFloat32, 90, 80, 70, false, false, rng);
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, "matmul")) {
    PreparedKernel prepared(*kernel, call);
    if (!prepared.support.ok) continue;
    std::vector<Tensor> expected = prepared.run();
    auto work = [&] {
      for (int i = 0; i < 20; ++i) expect_close(prepared.run(), expected, kFactor, kernel->name);
    };
    std::thread first(work), second(work);
    first.join();
    second.join();
  }
}

}  // namespace
}  // namespace miai::test
