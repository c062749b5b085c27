// pointwise: what fusion makes of several pointwise operators. Its program is an attribute.
#include "graph/ops/pointwise.h"
#include "kernels/common/attrs/pointwise.h"

namespace miai::ops {
namespace {

void infer(InferContext& c) {
  const pointwise::Program& program = c.attrs<PointwiseAttrs>().program;
  if (program.outputs.empty()) c.fail(ErrorKind::kValue, "program", "expected an output, got none");
  if (program.input_count != c.input_count())
    c.fail(ErrorKind::kValue, "program", "expected a program of ", c.input_count(), " inputs, got one of ",
           program.input_count);
  for (pointwise::Register output : program.outputs)
    c.output(program.code[static_cast<size_t>(output)].dtype, broadcast_shapes(c), c.input(0).device);
}

constexpr const char* kAdd = "in:float32#0;in:float32#1;add:float32,0,1>2|2";
constexpr const char* kSquarePlusOne = "in:float32#0;mul:float32,0,0;const:float32#1#0;add:float32,1,2>3|1";
constexpr const char* kLess = "in:float32#0;in:float32#1;lt:bool,0,1>2|2";
constexpr const char* kSumAndProduct = "in:float32#0;in:float32#1;add:float32,0,1;mul:float32,2,1>2,3|2";
constexpr const char* kCount = "in:int64#0;in:int64#1;mul:int64,0,1;add:int64,2,0>3|2";

}  // namespace

void define_fused_pointwise(OpTable& table) {
  OpDef op;
  op.name = "pointwise";
  op.doc = "Broadcasts its inputs and runs a program on each element; made by the fusion pass.";
  op.inputs = {{"inputs", Presence::kVariadic}};
  op.outputs = {{"out", false, true}};
  op.attrs = &attrs_type<PointwiseAttrs>();
  op.infer = infer;
  op.pointwise_from = 0;
  op.is_public = false;
  table.add(std::move(op));
}

void define_fused_pointwise_samples(SampleTable& samples) {
  auto program = [](const char* text) { return AttrList{{"program", std::string(text)}}; };
  SampleList& list = samples.of("pointwise");
  list.check_grad = false;  // made after gradients have been taken
  list.valid({f32({3, 4}), f32({3, 4})}, program(kAdd))
      .valid({f32({3, 1}), f32({4})}, program(kAdd))
      .valid({f32({0, 4}), f32({4})}, program(kAdd))
      .valid({f32({}), f32({})}, program(kAdd))
      .valid({f32({1000}), f32({1})}, program(kAdd))
      .valid({f32({5, 3}).transposed(), f32({5, 3}).sliced()}, program(kAdd))
      .valid({f16({7}), f32({7})}, program(kAdd))
      .valid({f32({33, 17})}, program(kSquarePlusOne))
      .valid({f32({1})}, program(kSquarePlusOne))
      .valid({f32({3, 4}), f32({3, 4})}, program(kLess))
      .valid({i64({3, 4}), i64({4})}, program(kCount))
      .valid({f32({3, 700}), f32({3, 700})}, program(kSumAndProduct))
      .valid({f32({5, 3}).transposed(), f32({3})}, program(kSumAndProduct))
      .valid({f32({}), f32({1, 1})}, program(kSumAndProduct))
      .invalid({f32({3}), f32({4})}, program(kAdd), ErrorKind::kValue,
               "pointwise: argument 'inputs[1]': expected a shape that broadcasts")
      .invalid({f32({3})}, program(kAdd), ErrorKind::kValue,
               "pointwise: argument 'program': expected a program of 1 inputs, got one of 2")
      .invalid({f32({3})}, {}, ErrorKind::kValue,
               "pointwise: argument 'program': expected an output, got none")
      .invalid({f32({3})}, program("in:float32#0;neg:float32,5>1|1"), ErrorKind::kValue, "not a program")
      .invalid({f32({3})}, {{"program", int64_t{3}}}, ErrorKind::kType, "program")
      .invalid({f32({3}), std::nullopt}, program(kAdd), ErrorKind::kType, "pointwise: argument 'inputs'");
}

}  // namespace miai::ops
