// pointwise_reduce: what fusion makes of a pointwise operator and the reduction that reads its result.
#include "kernels/common/attrs/pointwise_reduce.h"

#include "graph/ops/pointwise.h"
#include "graph/ops/reduction.h"
#include "kernels/common/pointwise/loop.h"

namespace miai::ops {
namespace {

ReduceResult result_of(const InferContext& c, const std::string& reduction) {
  if (reduction == "max" || reduction == "min") return ReduceResult::kSame;
  if (reduction == "mean") return ReduceResult::kMean;
  if (reduction != "sum")
    c.fail(ErrorKind::kValue, "reduction", "expected 'sum', 'mean', 'max' or 'min', got '", reduction, "'");
  return ReduceResult::kSum;
}

void infer(InferContext& c) {
  const auto& attrs = c.attrs<PointwiseReduceAttrs>();
  const pointwise::Program& program = attrs.program;
  if (program.outputs.size() != 1)
    c.fail(ErrorKind::kValue, "program", "expected one output, got ", program.outputs.size());
  if (program.input_count != c.input_count())
    c.fail(ErrorKind::kValue, "program", "expected a program of ", c.input_count(), " inputs, got one of ",
           program.input_count);
  const DType dtype = program.code[static_cast<size_t>(program.outputs[0])].dtype;
  if (dtype != DType::kFloat32 && dtype != DType::kFloat64)
    c.fail(ErrorKind::kType, "program", "expected an output of float32 or float64, got ", dtype);
  const TensorType value{dtype, broadcast_shapes(c), c.input(0).device};
  const TensorType* inputs[] = {&value};
  InferContext reduction(c.op(), c.raw_attrs(), inputs);
  infer_reduction(reduction, {attrs.axis, attrs.keepdims}, result_of(c, attrs.reduction));
  c.outputs = std::move(reduction.outputs);
}

Cost cost(std::span<const TensorMeta> inputs, std::span<const TensorMeta>, const Attrs& attrs) {
  const auto count = static_cast<double>(element_count(pointwise::broadcast_shape(inputs)));
  return {(operation_count(attrs.as<PointwiseReduceAttrs>().program) + 1) * count};
}

constexpr const char* kProduct = "in:float32#0;in:float32#1;mul:float32,0,1>2|2";
constexpr const char* kSquaredDifference = "in:float32#0;in:float32#1;sub:float32,0,1;mul:float32,2,2>3|2";
constexpr const char* kAbs = "in:float32#0;abs:float32,0>1|1";
constexpr const char* kTwice = "in:float64#0;const:float64#2#0;mul:float64,0,1>2|1";
constexpr const char* kEqual = "in:int64#0;in:int64#1;eq:bool,0,1;cast:float32,2>3|2";
constexpr const char* kItself = "in:float32#0>0|1";
constexpr const char* kCount = "in:int64#0;in:int64#1;mul:int64,0,1>2|2";

AttrList with(const char* program, const char* reduction, std::optional<Ints> axis = {},
              bool keepdims = false) {
  AttrList attrs{{"program", std::string(program)}, {"reduction", std::string(reduction)}};
  if (axis) attrs.emplace_back("axis", *axis);
  attrs.emplace_back("keepdims", keepdims);
  return attrs;
}

}  // namespace

void define_pointwise_reduce(OpTable& table) {
  OpDef op;
  op.name = "pointwise_reduce";
  op.doc =
      "Broadcasts its inputs, runs a program on each element, and reduces the results; made by a fusion "
      "pass.";
  op.inputs = {{"inputs", Presence::kVariadic}};
  op.attrs = &attrs_type<PointwiseReduceAttrs>();
  op.infer = infer;
  op.cost = cost;
  op.is_public = false;
  table.add(std::move(op));
}

void define_pointwise_reduce_samples(SampleTable& samples) {
  SampleList& list = samples.of("pointwise_reduce");
  list.check_grad = false;  // made after gradients have been taken
  list.valid({f32({3, 4}), f32({3, 4})}, with(kProduct, "sum"))
      .valid({f32({3, 4}), f32({3, 4})}, with(kSquaredDifference, "mean", Ints{-1}, true))
      .valid({f32({7, 700}), f32({7, 700})}, with(kProduct, "sum", Ints{1}))
      .valid({f32({700, 7}), f32({700, 7})}, with(kProduct, "sum", Ints{0}))
      .valid({f32({9, 600}), f32({600})}, with(kSquaredDifference, "max", Ints{0}))
      .valid({f32({9, 60}), f32({9, 1})}, with(kSquaredDifference, "min", Ints{1}))
      .valid({f32({2, 3, 5})}, with(kAbs, "max", Ints{0, 2}))
      .valid({f32({2, 3, 5})}, with(kAbs, "min", Ints{1}))
      .valid({f32({5, 3}).transposed(), f32({5, 3}).sliced()}, with(kProduct, "sum", Ints{0}))
      .valid({f32({2, 3, 4, 5})}, with(kAbs, "mean", Ints{2, 3}, true))
      .valid({f32({})}, with(kAbs, "sum"))
      .valid({f32({0, 4}), f32({4})}, with(kProduct, "sum", Ints{0}))
      .valid({f32({0, 4}), f32({4})}, with(kProduct, "mean", Ints{1}))
      .valid({f64({6, 300})}, with(kTwice, "sum", Ints{1}))
      .valid({f64({300, 6})}, with(kTwice, "max", Ints{0}))
      .valid({f16({40})}, with(kAbs, "sum"))
      .valid({i64({40}), i64({40})}, with(kEqual, "mean"))
      .valid({f32({30, 3})}, with(kItself, "sum", Ints{0}))
      .invalid({f32({3}), f32({4})}, with(kProduct, "sum"), ErrorKind::kValue,
               "pointwise_reduce: argument 'inputs[1]': expected a shape that broadcasts")
      .invalid({f32({3})}, with(kProduct, "sum"), ErrorKind::kValue,
               "pointwise_reduce: argument 'program': expected a program of 1 inputs, got one of 2")
      .invalid({f32({3})}, with(kAbs, "prod"), ErrorKind::kValue,
               "pointwise_reduce: argument 'reduction': expected 'sum', 'mean', 'max' or 'min', got 'prod'")
      .invalid({i64({3}), i64({3})}, with(kCount, "sum"), ErrorKind::kType,
               "pointwise_reduce: argument 'program': expected an output of float32 or float64, got int64")
      .invalid({f32({3})}, with(kAbs, "sum", Ints{1}), ErrorKind::kValue, "axis")
      .invalid({f32({0})}, with(kAbs, "max"), ErrorKind::kValue, "expected at least one element");
}

}  // namespace miai::ops
