#include "graph/ops/op_def.h"

#include "kernels/common/error.h"

namespace miai {
namespace {

const InputDef* definition_of(const OpDef& op, int i) {
  if (op.inputs.empty()) return nullptr;
  int last = static_cast<int>(op.inputs.size()) - 1;
  if (i <= last) return &op.inputs[i];
  return op.inputs[last].presence == Presence::kVariadic ? &op.inputs[last] : nullptr;
}

int first_variadic(const OpDef& op) {
  int count = static_cast<int>(op.inputs.size());
  return count && op.inputs.back().presence == Presence::kVariadic ? count - 1 : count;
}

void check_presence(const OpDef& op, std::span<const TensorType* const> inputs) {
  int count = static_cast<int>(inputs.size());
  if (count > static_cast<int>(op.inputs.size()) && !definition_of(op, count - 1))
    raise(ErrorKind::kType, op.name, ": expected at most ", op.inputs.size(), " tensors, got ", count);
  for (int i = 0; i < first_variadic(op); ++i)
    if (op.inputs[i].presence == Presence::kRequired && (i >= count || !inputs[i]))
      raise(ErrorKind::kType, op.name, ": argument '", op.inputs[i].name, "': missing");
  for (int i = first_variadic(op); i < count; ++i)
    if (!inputs[i])
      raise(ErrorKind::kType, op.name, ": argument '", op.inputs.back().name,
            "': expected tensors, got None");
}

}  // namespace

int OpDef::visible_outputs() const {
  int n = 0;
  for (const OutputDef& out : outputs) n += !out.aux;
  return n;
}

const std::string& InferContext::op_name() const { return op_.name; }

std::string InferContext::input_name(int i) const {
  const InputDef* def = definition_of(op_, i);
  if (!def) return "input" + std::to_string(i);
  if (def->presence != Presence::kVariadic) return def->name;
  return def->name + "[" + std::to_string(i - first_variadic(op_)) + "]";
}

void InferContext::check_rank(int i, int rank) const {
  if (input(i).rank() != rank)
    fail(ErrorKind::kValue, input_name(i), "expected rank ", rank, ", got rank ", input(i).rank(), " (shape ",
         input(i).shape, ")");
}

void InferContext::check_min_rank(int i, int rank) const {
  if (input(i).rank() < rank)
    fail(ErrorKind::kValue, input_name(i), "expected rank at least ", rank, ", got rank ", input(i).rank(),
         " (shape ", input(i).shape, ")");
}

void InferContext::check_float(int i) const {
  if (!is_float(input(i).dtype))
    fail(ErrorKind::kType, input_name(i), "expected a floating dtype, got ", input(i).dtype,
         "; use astype('float32')");
}

void InferContext::check_int(int i) const {
  if (!is_int(input(i).dtype))
    fail(ErrorKind::kType, input_name(i), "expected an integer dtype, got ", input(i).dtype,
         "; use astype('int64')");
}

void InferContext::check_same_dtype(int i, int j) const {
  if (input(i).dtype != input(j).dtype)
    fail(ErrorKind::kType, input_name(j), "expected dtype ", input(i).dtype, " as '", input_name(i),
         "' has, got ", input(j).dtype);
}

void InferContext::check_same_device() const {
  int first = -1;
  for (int i = 0; i < input_count(); ++i) {
    if (!has(i)) continue;
    if (first < 0) first = i;
    if (!(input(i).device == input(first).device))
      fail(ErrorKind::kValue, input_name(i), "expected device ", input(first).device, " as '",
           input_name(first), "' has, got ", input(i).device, "; move it with .to('",
           device_name(input(first).device), "')");
  }
}

void InferContext::check_dim(int i, int axis, Dim expected, std::string_view why) const {
  if (!dims_equal(input(i).shape[axis], expected))
    fail(ErrorKind::kValue, input_name(i), "expected size ", expected, " in dimension ", axis, " (", why,
         "), got ", input(i).shape[axis], " (shape ", input(i).shape, ")");
}

int InferContext::axis(int64_t axis, int rank, std::string_view argument) const {
  if (axis < -rank || axis >= rank)
    fail(ErrorKind::kValue, argument, "expected an axis in [", -rank, ", ", rank, ") of a tensor of rank ",
         rank, ", got ", axis);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

namespace {

/// No size is negative and the bytes fit 62 bits: no arithmetic on them overflows later.
void check_bytes(const TensorType& type) {
  const bool is_empty = std::any_of(type.shape.begin(), type.shape.end(), [](Dim d) { return d == Dim(0); });
  __int128 bytes = static_cast<__int128>(dtype_size(type.dtype));
  for (Dim dim : type.shape) {
    if (!dim.is_static()) continue;
    if (dim.value() < 0) raise(ErrorKind::kOverflow, "a size does not fit 62 bits");
    if (!is_empty) bytes *= dim.value();
    if (bytes >> 62)
      raise(ErrorKind::kOverflow, "sizes too large: the bytes of the result do not fit 62 bits");
  }
}

}  // namespace

std::vector<TensorType> infer_outputs(const OpDef& op, const Attrs& attrs,
                                      std::span<const TensorType* const> inputs) {
  check_presence(op, inputs);
  InferContext context(op, attrs, inputs);
  context.check_same_device();
  try {
    op.infer(context);
    for (const TensorType& output : context.outputs) check_bytes(output);
  } catch (const Error& error) {  // from below: too many dimensions, sizes too large
    std::string message = error.what();
    if (message.starts_with(op.name + ":")) throw;
    raise(error.kind(), op.name, ": ", message);
  }
  return std::move(context.outputs);
}

}  // namespace miai
