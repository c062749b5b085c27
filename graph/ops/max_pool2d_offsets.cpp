// max_pool2d_offsets and max_pool2d_indices: a plan keeps where the maxima of small windows were in a byte
// each.
#include <algorithm>
#include <cstdint>

#include "graph/ops/tables.h"
#include "kernels/common/attrs/pool2d.h"

namespace miai::ops {
namespace {

void check_windows(const InferContext& c, DType dtype) {
  c.check_rank(0, 4);
  if (c.input(0).dtype != dtype)
    c.fail(ErrorKind::kType, c.input_name(0), "expected dtype ", dtype, ", got ", c.input(0).dtype);
  const auto& a = c.attrs<PoolOffsetAttrs>();
  auto is_within = [](const Pair& values, int64_t low, int64_t high) {
    return std::all_of(values.begin(), values.end(), [&](int64_t v) { return v >= low && v <= high; });
  };
  if (!is_within(a.kernel_size, 1, 256) || a.kernel_size[0] * a.kernel_size[1] > 256)
    c.fail(ErrorKind::kValue, "kernel_size", "expected a window of 1 to 256 elements, got ", a.kernel_size[0],
           " x ", a.kernel_size[1]);
  constexpr int64_t kLargest = INT32_MAX;  // indices are int32
  if (!is_within(a.stride, 1, kLargest))
    c.fail(ErrorKind::kValue, "stride", "expected 1 to ", kLargest, ", got ", a.stride[0], " x ",
           a.stride[1]);
  if (!is_within(a.padding, 0, kLargest))
    c.fail(ErrorKind::kValue, "padding", "expected 0 to ", kLargest, ", got ", a.padding[0], " x ",
           a.padding[1]);
  if (a.width.is_static() && a.width.value() > kLargest)
    c.fail(ErrorKind::kValue, "width", "expected at most ", kLargest, ", got ", a.width);
  if (a.width.is_static() && a.width.value() < a.kernel_size[1])
    c.fail(ErrorKind::kValue, "width", "expected at least that of the window, ", a.kernel_size[1], ", got ",
           a.width);
}

void infer_offsets(InferContext& c) {
  check_windows(c, DType::kInt32);
  c.output(DType::kUInt8, c.input(0).shape, c.input(0).device);
}
void infer_indices(InferContext& c) {
  check_windows(c, DType::kUInt8);
  c.output(DType::kInt32, c.input(0).shape, c.input(0).device);
}

}  // namespace

void define_max_pool2d_offsets(OpTable& table) {
  OpDef offsets;
  offsets.name = "max_pool2d_offsets";
  offsets.doc = "The offset in its window of each maximum, given its index in the image.";
  offsets.inputs = {{"indices"}};
  offsets.attrs = &attrs_type<PoolOffsetAttrs>();
  offsets.infer = infer_offsets;
  offsets.is_public = false;
  table.add(std::move(offsets));

  OpDef indices;
  indices.name = "max_pool2d_indices";
  indices.doc = "The index in the image of each maximum, given its offset in its window.";
  indices.inputs = {{"offsets"}};
  indices.attrs = &attrs_type<PoolOffsetAttrs>();
  indices.infer = infer_indices;
  indices.is_public = false;
  table.add(std::move(indices));
}

void define_max_pool2d_offsets_samples(SampleTable& samples) {
  auto windows = [](Ints size, int64_t stride, int64_t padding, int64_t width) -> AttrList {
    return {{"kernel_size", size},
            {"stride", Ints{stride, stride}},
            {"padding", Ints{padding, padding}},
            {"width", width}};
  };
  AttrList two = windows({2, 2}, 2, 0, 4), three = windows({3, 3}, 2, 1, 4);
  // Indices of windows of 2 x 2 in images of 4 x 4, and of 3 x 3 with a border.
  SampleTensor in_two = i32({1, 1, 2, 2}).of({5, 2, 8, 15}), in_three = i32({1, 1, 2, 2}).of({5, 3, 12, 10});
  SampleList& to_offsets = samples.of("max_pool2d_offsets");
  to_offsets.check_grad = false;  // integers
  to_offsets.valid({in_two}, two)
      .valid({in_three}, three)
      .valid({i32({2, 1, 1, 1}).of({0, 5})}, two)
      .valid({i32({1, 2, 1, 1}).of({1, 4})}, two)
      .valid({i32({1, 1, 1, 3}).of({7, 9, 11})}, windows({2, 2}, 2, 0, 6))
      .valid({i32({0, 3, 2, 2})}, two)
      .valid({i32({1, 1, 1, 1}).of({4})}, windows({1, 5}, 1, 0, 5))
      .valid({i32({1, 1, 1, 1}).of({255})}, windows({16, 16}, 1, 0, 16))
      .valid({i32({1, 1, 1, 2}).of({0, 1}).transposed()}, windows({2, 1}, 1, 0, 2))
      .valid({i32({1, 3, 1, 1}).of({0, 1, 5}).sliced()}, two)
      .invalid({i32({2, 2})}, two, ErrorKind::kValue,
               "max_pool2d_offsets: argument 'indices': expected rank 4")
      .invalid({i64({1, 1, 2, 2})}, two, ErrorKind::kType,
               "max_pool2d_offsets: argument 'indices': expected dtype int32, got int64")
      .invalid({in_two}, windows({17, 16}, 1, 0, 32), ErrorKind::kValue,
               "max_pool2d_offsets: argument 'kernel_size': expected a window of 1 to 256 elements")
      .invalid({in_two}, windows({0, 2}, 1, 0, 4), ErrorKind::kValue,
               "max_pool2d_offsets: argument 'kernel_size'")
      .invalid({in_two}, windows({2, 5}, 1, 1, 4), ErrorKind::kValue, "max_pool2d_offsets: argument 'width'");

  auto offsets = [](Shape shape, double count) { return typed(DType::kUInt8, shape).range(0, count); };
  SampleList& to_indices = samples.of("max_pool2d_indices");
  to_indices.check_grad = false;
  to_indices.valid({offsets({1, 1, 2, 2}, 4)}, two)
      .valid({offsets({2, 3, 2, 2}, 4)}, two)
      .valid({offsets({2, 3, 2, 2}, 9)}, three)
      .valid({offsets({2, 3, 5, 7}, 9)}, windows({3, 3}, 1, 1, 7))
      .valid({offsets({0, 3, 2, 2}, 4)}, two)
      .valid({offsets({1, 1, 1, 1}, 256)}, windows({16, 16}, 1, 0, 16))
      .valid({offsets({2, 3, 2, 2}, 4).transposed()}, two)
      .valid({offsets({2, 3, 2, 2}, 4).sliced()}, two)
      .valid({offsets({1, 5, 3, 3}, 6)}, windows({2, 3}, 2, 1, 5))
      .valid({offsets({1, 1, 1, 9}, 2)}, windows({1, 2}, 1, 0, 10))
      .invalid({offsets({2, 2}, 4)}, two, ErrorKind::kValue,
               "max_pool2d_indices: argument 'offsets': expected rank 4")
      .invalid({i32({1, 1, 2, 2})}, two, ErrorKind::kType,
               "max_pool2d_indices: argument 'offsets': expected dtype uint8, got int32")
      .invalid({offsets({1, 1, 2, 2}, 4)}, windows({17, 16}, 1, 0, 32), ErrorKind::kValue,
               "max_pool2d_indices: argument 'kernel_size'")
      .invalid({offsets({1, 1, 2, 2}, 4)}, windows({2, 0}, 1, 0, 4), ErrorKind::kValue,
               "max_pool2d_indices: argument 'kernel_size'")
      .invalid({offsets({1, 1, 2, 2}, 4)}, windows({2, 5}, 1, 1, 4), ErrorKind::kValue,
               "max_pool2d_indices: argument 'width'");
}

}  // namespace miai::ops
