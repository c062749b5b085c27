#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

struct ToDeviceAttrs {
  Device device;
  static auto fields() { return std::tuple{field("device", &ToDeviceAttrs::device, "where the copy lies")}; }
};

}  // namespace

void define_to_device(OpTable& table) {
  OpDef op;
  op.name = "to_device";
  op.doc = R"(A dense copy of `inp` on another device. Any dtype. No kernel: dispatch and plans copy.

>>> import miai.functional as F, miai as mi
>>> F.to_device(mi.tensor([1, 2]), device="cpu:1").tolist()
[1, 2]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<ToDeviceAttrs>();
  op.infer = [](InferContext& c) {
    c.output(c.input(0).dtype, c.input(0).shape, c.attrs<ToDeviceAttrs>().device);
  };
  table.add(std::move(op));
}

void define_to_device_grad(GradTable& grads) {
  grads.add("to_device", {[](GradContext& c) -> Vars {
              Device back = c.input_type(0).device;
              return {emit1(c.op, make_attrs(ToDeviceAttrs{back}), {c.grad()})};
            }});
}

void define_to_device_samples(SampleTable& samples) {
  SampleList& list = samples.of("to_device");
  AttrList here{{"device", Device{}}};
  list.valid({f32({2, 3})}, here)
      .valid({f32({})}, here)
      .valid({f32({0, 3})}, here)
      .valid({f32({3, 5}).transposed()}, here)
      .valid({f32({3, 4}).sliced()}, here)
      .valid({f32({3, 4}).broadcast()}, here)
      .valid({f64({3})}, here)
      .valid({f16({3})}, here)
      .valid({bf16({3})}, here)
      .valid({i64({3})}, here)
      .valid({b8({3})}, here)
      .invalid({f32({1})}, {{"device", std::string("gpuu")}}, ErrorKind::kValue, "gpuu")
      .invalid({f32({1})}, {{"device", int64_t{3}}}, ErrorKind::kType, "device")
      .invalid({f32({1})}, {{"place", std::string("cpu")}}, ErrorKind::kType, "to_device")
      .invalid({std::nullopt}, here, ErrorKind::kType, "to_device: argument 'inp': missing")
      .invalid({f32({1}), f32({1})}, here, ErrorKind::kType, "to_device: expected at most 1 tensors, got 2");
}

}  // namespace miai::ops
