#include "kernels/common/attrs/conv2d.h"

#include <sstream>
#include <thread>

#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

struct Case {
  int64_t batch, channels, height, width, out, kh, kw;
  Conv2dAttrs attrs;

  int64_t count(int axis) const {
    int64_t size = axis ? width : height, taps = axis ? kw : kh;
    return (size + 2 * attrs.padding[axis] - attrs.dilation[axis] * (taps - 1) - 1) / attrs.stride[axis] + 1;
  }
  Shape inp() const { return {batch, channels, height, width}; }
  Shape weight() const { return {out, channels / attrs.groups, kh, kw}; }
  Shape output() const { return {batch, out, count(0), count(1)}; }
  std::string text() const {
    std::ostringstream text;
    text << inp() << ' ' << weight() << ' ' << make_attrs(attrs);
    return text.str();
  }
  Attrs grad_attrs(int64_t first, int64_t second) const {
    return make_attrs(
        Conv2dGradAttrs{attrs.stride, attrs.padding, attrs.dilation, attrs.groups, {first, second}});
  }
};

std::vector<Case> cases() {
  std::vector<Case> list = {
      {1, 1, 28, 28, 16, 3, 3, {{1, 1}, {1, 1}}},
      {2, 16, 14, 14, 16, 3, 3, {{1, 1}, {1, 1}}},
      {2, 16, 15, 14, 32, 3, 3, {{2, 2}, {1, 1}}},
      {2, 16, 15, 14, 32, 1, 1, {{2, 2}}},
      {0, 3, 8, 8, 4, 3, 3, {}},
      {2, 8, 9, 9, 8, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 8}},
      {2, 12, 9, 9, 18, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 3}},
      {1, 5, 12, 11, 7, 3, 2, {{2, 1}, {2, 0}, {2, 3}}},
      {3, 7, 6, 6, 5, 6, 6, {}},
  };
  std::mt19937 rng(11);
  auto number = [&](int least, int most) { return static_cast<int64_t>(rng() % (most - least + 1)) + least; };
  while (list.size() < 40) {
    Case c;
    c.attrs.groups = number(1, 3);
    c.batch = number(1, 3), c.channels = number(1, 6) * c.attrs.groups, c.out = number(1, 6) * c.attrs.groups;
    c.height = number(1, 10), c.width = number(1, 10), c.kh = number(1, 4), c.kw = number(1, 4);
    c.attrs.stride = {number(1, 3), number(1, 3)};
    c.attrs.padding = {number(0, 2), number(0, 2)};
    c.attrs.dilation = {number(1, 2), number(1, 2)};
    bool fits = c.height + 2 * c.attrs.padding[0] >= c.attrs.dilation[0] * (c.kh - 1) + 1 &&
                c.width + 2 * c.attrs.padding[1] >= c.attrs.dilation[1] * (c.kw - 1) + 1;
    if (fits) list.push_back(c);
  }
  return list;
}

Call make_call(const std::string& op, Attrs attrs, DType dtype, const std::vector<Shape>& inputs,
               const Shape& output, std::mt19937& rng, std::vector<int> order = {}) {
  Call call{op, std::move(attrs), {}, {dense_meta(dtype, output)}};
  for (const Shape& shape : inputs)
    call.inputs.push_back(Tensor::random(dtype, shape, rng, shape.size() == 4 ? order : std::vector<int>{}));
  return call;
}

std::vector<Call> calls_of(const Case& c, DType dtype, std::mt19937& rng, std::vector<int> order = {}) {
  std::vector<Call> calls;
  calls.push_back(
      make_call("conv2d", make_attrs(c.attrs), dtype, {c.inp(), c.weight()}, c.output(), rng, order));
  calls.push_back(
      make_call("conv2d", make_attrs(c.attrs), dtype, {c.inp(), c.weight(), {c.out}}, c.output(), rng));
  calls.push_back(make_call("conv2d_backward_data", c.grad_attrs(c.height, c.width), dtype,
                            {c.weight(), c.output()}, c.inp(), rng, order));
  calls.push_back(make_call("conv2d_backward_weight", c.grad_attrs(c.kh, c.kw), dtype, {c.inp(), c.output()},
                            c.weight(), rng, order));
  return calls;
}

TEST(Conv2d, AllKernelsAgreeWithTheReference) {
  std::mt19937 rng(12);
  for (const Case& c : cases())
    for (const Call& call : calls_of(c, DType::kFloat32, rng))
      check_kernels(call, 300, call.op + " " + c.text());
}

TEST(Conv2d, ChannelsLastAndSlicesAgreeWithTheReference) {
  std::mt19937 rng(13);
  std::vector<Case> list = cases();
  for (size_t i = 0; i < list.size(); i += 3)
    for (const Call& call :
         calls_of(list[i], DType::kFloat32, rng, i % 2 ? std::vector{0, 2, 3, 1} : std::vector{1, 0, 3, 2}))
      check_kernels(call, 300, call.op + " " + list[i].text());
}

TEST(Conv2d, OtherFloatsAgreeWithTheReference) {
  std::mt19937 rng(14);
  std::vector<Case> list = cases();
  for (size_t i = 0; i < list.size(); i += 4) {
    for (const Call& call : calls_of(list[i], DType::kFloat64, rng)) check_kernels(call, 300, call.op);
    for (const Call& call : calls_of(list[i], DType::kBFloat16, rng))
      check_kernels(call, 6, call.op + list[i].text());
  }
}

TEST(Conv2d, FusedFormsAgreeWithTheReference) {
  std::mt19937 rng(15);
  Case c{2, 6, 9, 8, 10, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 2}};
  for (const char* activation : {"identity", "relu", "sigmoid", "tanh"})
    for (int parts = 0; parts < 4; ++parts) {
      Attrs attrs = make_attrs(
          Conv2dActAttrs{c.attrs.stride, c.attrs.padding, c.attrs.dilation, c.attrs.groups, activation});
      Call call =
          make_call("conv2d_bias_act", attrs, DType::kFloat32, {c.inp(), c.weight()}, c.output(), rng);
      call.inputs.push_back(parts & 1 ? Tensor::random(DType::kFloat32, {c.out}, rng) : Tensor::absent());
      call.inputs.push_back(parts & 2 ? Tensor::random(DType::kFloat32, c.output(), rng) : Tensor::absent());
      check_kernels(call, 300, activation);
    }
}

TEST(Conv2d, OnePreparedStateServesThreads) {
  std::mt19937 rng(16);
  Case c{4, 16, 14, 14, 16, 3, 3, {{1, 1}, {1, 1}}};
  for (const Call& call : calls_of(c, DType::kFloat32, rng))
    for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, call.op)) {
      PreparedKernel prepared(*kernel, call);
      if (!prepared.support.ok || kernel->preference < 0) continue;
      std::vector<Tensor> expected = prepared.run();
      auto work = [&] {
        for (int i = 0; i < 10; ++i) expect_close(prepared.run(), expected, 300, kernel->name);
      };
      std::thread first(work), second(work);
      first.join();
      second.join();
    }
}

}  // namespace
}  // namespace miai::test
