#include <sstream>

#include "kernels/common/attrs/pool2d.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

constexpr double kFactor = 100;

struct Case {
  Shape inp;
  Pair kernel_size, stride, padding;
  Shape output() const {
    Shape out = inp;
    for (int i = 0; i < 2; ++i) out[2 + i] = (inp[2 + i] + 2 * padding[i] - kernel_size[i]) / stride[i] + 1;
    return out;
  }
};

std::vector<Case> cases() {
  return {{{2, 3, 4, 6}, {2, 2}, {2, 2}, {0, 0}},   {{2, 3, 5, 7}, {2, 2}, {2, 2}, {0, 0}},
          {{3, 5, 28, 28}, {2, 2}, {2, 2}, {0, 0}}, {{1, 2, 9, 7}, {3, 3}, {2, 2}, {1, 1}},
          {{2, 2, 6, 5}, {3, 2}, {1, 1}, {2, 1}},   {{0, 3, 4, 4}, {2, 2}, {2, 2}, {0, 0}},
          {{1, 1, 1, 1}, {1, 1}, {1, 1}, {0, 0}},   {{2, 2, 8, 8}, {8, 8}, {1, 1}, {0, 0}}};
}

Call call_of(const std::string& op, Attrs attrs, std::vector<Tensor> inputs,
             std::vector<TensorMeta> outputs) {
  return {op, std::move(attrs), std::move(inputs), std::move(outputs)};
}

/// Indices into an image of `size` elements.
Tensor random_indices(const Shape& shape, int64_t size, std::mt19937& rng) {
  Tensor t = Tensor::zeros(DType::kInt32, shape);
  for (int64_t i = 0; i < t.view().size(); ++i)
    t.view().as<int32_t>()[i] = static_cast<int32_t>(rng() % size);
  return t;
}

void compare_all() {
  std::mt19937 rng(31);
  for (const Case& c : cases())
    for (bool permuted : {false, true}) {
      std::vector<int> order = permuted ? std::vector<int>{1, 0, 2, 3} : std::vector<int>{};
      auto image = [&](const Shape& shape) { return Tensor::random(DType::kFloat32, shape, rng, order); };
      TensorMeta out = dense_meta(DType::kFloat32, c.output()), inp = dense_meta(DType::kFloat32, c.inp);
      TensorMeta indices = dense_meta(DType::kInt32, c.output());
      Attrs max = make_attrs(MaxPool2dAttrs{c.kernel_size, c.stride, c.padding});
      check_kernels(call_of("max_pool2d", max, {image(c.inp)}, {out, indices}), kFactor, "max");
      for (const char* mode : {"average", "average_count_exclude_padding"}) {
        Attrs avg = make_attrs(AvgPool2dAttrs{c.kernel_size, c.stride, c.padding, mode});
        Attrs grad =
            make_attrs(AvgPool2dGradAttrs{c.kernel_size, c.stride, c.padding, mode, {c.inp[2], c.inp[3]}});
        check_kernels(call_of("avg_pool2d", avg, {image(c.inp)}, {out}), kFactor, mode);
        check_kernels(call_of("avg_pool2d_backward", grad, {image(c.output())}, {inp}), kFactor, mode);
      }
      Attrs size = make_attrs(ImageSizeAttrs{{c.inp[2], c.inp[3]}});
      int64_t elements = c.inp[2] * c.inp[3];
      check_kernels(call_of("max_pool2d_backward", size,
                            {image(c.output()), random_indices(c.output(), elements, rng)}, {inp}),
                    kFactor, "scatter");
      check_kernels(
          call_of("max_pool2d_gather", {}, {image(c.inp), random_indices(c.output(), elements, rng)}, {out}),
          kFactor, "gather");
    }
}

TEST(Pool2d, KernelsAgreeWithTheReference) {
  for_each_isa([](const std::string& isa) {
    SCOPED_TRACE(isa);
    compare_all();
  });
}

/// Calls of every operator of pooling on channels-last images.
std::vector<Call> channels_last_calls(const Case& c, DType dtype, std::mt19937& rng) {
  auto meta = [&](const Shape& shape, DType of) { return channels_last_meta(of, shape); };
  auto image = [&](const Shape& shape) {
    return Tensor::random(dtype, shape, rng).laid_out(channels_last_meta(dtype, shape));
  };
  const TensorMeta out = meta(c.output(), dtype), at = meta(c.output(), DType::kInt32);
  const Tensor indices = random_indices(c.output(), c.inp[2] * c.inp[3], rng).laid_out(at);
  const Attrs size = make_attrs(ImageSizeAttrs{{c.inp[2], c.inp[3]}});
  const Attrs adaptive = make_attrs(AdaptivePool2dAttrs{{c.output()[2], c.output()[3]}});
  std::vector<Call> calls{{"max_pool2d",
                           make_attrs(MaxPool2dAttrs{c.kernel_size, c.stride, c.padding}),
                           {image(c.inp)},
                           {out, at}},
                          {"adaptive_max_pool2d", adaptive, {image(c.inp)}, {out, at}},
                          {"max_pool2d_gather", {}, {image(c.inp), indices}, {out}}};
  if (dtype == DType::kFloat32) {
    calls.push_back({"max_pool2d_backward", size, {image(c.output()), indices}, {meta(c.inp, dtype)}});
    calls.push_back({"adaptive_avg_pool2d", adaptive, {image(c.inp)}, {out}});
  }
  return calls;
}

TEST(Pool2d, ChannelsLastKernelsAgreeWithTheReference) {
  std::mt19937 rng(34);
  for (const Case& c :
       {Case{{2, 70, 9, 7}, {3, 3}, {2, 2}, {1, 1}}, Case{{1, 64, 8, 8}, {2, 2}, {2, 2}, {0, 0}},
        Case{{2, 5, 6, 5}, {3, 2}, {1, 1}, {1, 1}}})
    for (DType dtype : {DType::kFloat32, DType::kBFloat16})
      for (const Call& call : channels_last_calls(c, dtype, rng))
        for_each_isa([&](const std::string& isa) {
          const std::string what = isa + ' ' + std::string(dtype_name(dtype)) + ' ' + call.op;
          const auto& kernels = KernelTable::global().find(DeviceKind::kCpu, call.op);
          auto takes = [&](const auto& kernel) {
            return kernel->name.ends_with("_channels_last") && PreparedKernel(*kernel, call).support.ok;
          };
          EXPECT_TRUE(std::any_of(kernels.begin(), kernels.end(), takes)) << what;
          check_kernels(call, dtype == DType::kBFloat16 ? 0 : kFactor, what);  // 16 bits are copied
        });
}

TEST(Pool2d, AdaptiveKernelsAgreeWithTheReference) {
  std::mt19937 rng(32);
  for (Pair oshp : {Pair{1, 1}, {2, 3}, {7, 5}, {9, 8}}) {
    Shape inp{3, 4, 7, 5}, out{3, 4, oshp[0], oshp[1]};
    TensorMeta result = dense_meta(DType::kFloat32, out);
    Attrs attrs = make_attrs(AdaptivePool2dAttrs{oshp}), size = make_attrs(ImageSizeAttrs{{7, 5}});
    auto image = [&](const Shape& shape) { return Tensor::random(DType::kFloat32, shape, rng); };
    check_kernels(call_of("adaptive_avg_pool2d", attrs, {image(inp)}, {result}), kFactor, "average");
    check_kernels(
        call_of("adaptive_avg_pool2d_backward", size, {image(out)}, {dense_meta(DType::kFloat32, inp)}),
        kFactor, "average");
    check_kernels(
        call_of("adaptive_max_pool2d", attrs, {image(inp)}, {result, dense_meta(DType::kInt32, out)}),
        kFactor, "max");
  }
}

TEST(Pool2d, NanIsTheLargest) {
  Call call = call_of("max_pool2d", make_attrs(MaxPool2dAttrs{{2, 2}, Pair{1, 1}, {0, 0}}),
                      {Tensor::zeros(DType::kFloat32, {1, 1, 3, 3})},
                      {dense_meta(DType::kFloat32, {1, 1, 2, 2}), dense_meta(DType::kInt32, {1, 1, 2, 2})});
  call.inputs[0].view().as<float>()[1] = NAN;
  call.inputs[0].view().as<float>()[2] = 5;
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, "max_pool2d")) {
    std::vector<Tensor> out = PreparedKernel(*kernel, call).run();
    EXPECT_TRUE(std::isnan(out[0].at(0)) && std::isnan(out[0].at(1)) && out[0].at(2) == 0) << kernel->name;
    EXPECT_TRUE(out[1].at(0) == 1 && out[1].at(1) == 1) << kernel->name;
  }
}

TEST(Pool2d, IndicesOutsideTheImageAreErrors) {
  for (const char* op : {"max_pool2d_backward", "max_pool2d_gather"})
    for (int32_t index : {-1, 4}) {
      Call call =
          call_of(op, make_attrs(ImageSizeAttrs{{2, 2}}),
                  {Tensor::zeros(DType::kFloat32, {1, 1, 2, 2}), Tensor::zeros(DType::kInt32, {1, 1, 2, 2})},
                  {dense_meta(DType::kFloat32, {1, 1, 2, 2})});
      call.inputs[1].view().as<int32_t>()[3] = index;
      for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, op)) {
        PreparedKernel prepared(*kernel, call);
        try {
          prepared.run();
          ADD_FAILURE() << kernel->name << " took index " << index;
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::kIndex);
          EXPECT_NE(std::string(error.what()).find("argument 'indices'"), std::string::npos) << error.what();
        }
      }
    }
}

}  // namespace
}  // namespace miai::test
