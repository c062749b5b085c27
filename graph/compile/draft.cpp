#include "graph/compile/draft.h"

#include <algorithm>

#include "graph/ops/pointwise.h"
#include "kernels/common/error.h"
#include "runtime/backend.h"

namespace miai {

bool Step::may_overwrite(size_t input) const {
  if (!node || outputs.size() != 1) return false;
  const std::vector<int>& listed = node->op->may_overwrite;
  bool is_listed = std::find(listed.begin(), listed.end(), static_cast<int>(input)) != listed.end();
  bool is_pointwise = choice.kernel && choice.kernel->op == "pointwise";
  const TensorMeta &in = inputs[input].meta, &out = outputs[0].meta;
  return (is_listed || is_pointwise) && in.dtype == out.dtype && in.shape == out.shape && in.is_dense() &&
         out.is_dense();
}

int Draft::add_buffer(const Buffer& buffer) {
  buffers.push_back(buffer);
  return static_cast<int>(buffers.size()) - 1;
}

int Draft::root(int buffer) const {
  while (buffers[static_cast<size_t>(buffer)].parent >= 0)
    buffer = buffers[static_cast<size_t>(buffer)].parent;
  return buffer;
}

bool Draft::is_external(int buffer) const {
  BaseKind kind = buffers[static_cast<size_t>(root(buffer))].kind;
  return kind == BaseKind::kInput || kind == BaseKind::kState || kind == BaseKind::kConstant;
}

bool Draft::covers_buffer(const Place& place) const {
  return place.offset == 0 && place.meta.is_dense() &&
         static_cast<int64_t>(byte_size(place.meta)) == buffers[static_cast<size_t>(place.buffer)].bytes;
}

namespace {

KernelChoice choose(const OpDef& op, Attrs& attrs, const std::vector<TensorMeta>& inputs,
                    const std::vector<TensorMeta>& outputs, Device device) {
  const Backend& backend = miai::backend(device.kind);
  KernelCall call = kernel_call(op, attrs, inputs, outputs);
  attrs = call.attrs;
  return choose_kernel(backend.kernels(), {call.op, inputs, outputs, attrs, backend.kernel_kind});
}

std::vector<TensorMeta> metas(const std::vector<Place>& places) {
  std::vector<TensorMeta> list;
  for (const Place& place : places) list.push_back(place.meta);
  return list;
}

Place dense_place(Draft& draft, DType dtype, const Shape& shape, Device device) {
  Place place;
  place.meta = dense_meta(dtype, shape);
  place.buffer = draft.add_buffer({.bytes = static_cast<int64_t>(byte_size(place.meta)), .device = device});
  return place;
}

class Drafter {
 public:
  explicit Drafter(const DraftRequest& request) : request_(request) {}

  Draft run() {
    const Function& f = request_.function;
    for (size_t i = 0; i < f.inputs.size(); ++i)
      add_external(f.inputs[i], request_.inputs[i], BaseKind::kInput, static_cast<int>(i));
    for (size_t i = 0; i < f.states.size(); ++i) {
      const Value* read = f.states[i].input;
      int buffer = read ? add_external(read, request_.states[i], BaseKind::kState, static_cast<int>(i)) : -1;
      draft_.state_buffers.push_back(read && request_.states[i].is_dense() ? buffer : -1);
    }
    for (const Value* value : f.constants())
      add_external(value, dense_meta(value->type.dtype, static_shape(value->type.shape)), BaseKind::kConstant,
                   request_.constants.at(value));
    for (const Node* node : f.nodes) add_node(*node);
    for (const Value* value : f.outputs) draft_.outputs.push_back(places_.at(value));
    for (size_t i = 0; i < f.states.size(); ++i)
      if (f.states[i].output && f.states[i].output != f.states[i].input)
        draft_.writes.push_back({static_cast<int>(i), places_.at(f.states[i].output)});
    return std::move(draft_);
  }

 private:
  int add_external(const Value* value, const TensorMeta& meta, BaseKind kind, int index) {
    int buffer = draft_.add_buffer({.bytes = static_cast<int64_t>(byte_size(meta)),
                                    .device = value->type.device,
                                    .kind = kind,
                                    .index = index});
    places_[value] = {buffer, 0, meta};
    return buffer;
  }

  Place place_of(const Value* value) const {
    if (value) return places_.at(value);
    Place absent;
    absent.meta.present = false;
    return absent;
  }

  void add_node(const Node& node) {
    std::vector<Place> inputs;
    for (const Value* value : node.inputs) inputs.push_back(place_of(value));
    Attrs attrs = map_dims(node.attrs, [&](Dim dim) {
      return Dim(dim.is_static() ? dim.value() : evaluate(dim, request_.sizes));
    });
    if (node.op->is_view() && add_view(node, attrs, inputs[0])) return;
    if (node.op->name == "to_device") return add_device_copy(node, inputs[0]);
    Step step;
    step.node = &node;
    step.op = node.op->name;
    step.line = node.line;
    step.device = device_of(node);
    for (const Value* value : node.outputs)
      step.outputs.push_back(dense_place(draft_, value->type.dtype,
                                         evaluate(value->type.shape, request_.sizes), value->type.device));
    step.choice = choose(*node.op, attrs, metas(inputs), metas(step.outputs), step.device);
    step.attrs = attrs;
    step.inputs = std::move(inputs);
    for (size_t i = 0; i < step.outputs.size(); ++i) places_[node.outputs[i]] = step.outputs[i];
    draft_.steps.push_back(std::move(step));
  }

  bool add_view(const Node& node, const Attrs& attrs, const Place& input) {
    const Value* output = node.outputs[0];
    std::optional<ViewSpec> view =
        node.op->view(input.meta, attrs, evaluate(output->type.shape, request_.sizes));
    if (!view) return false;
    Place place = input;
    place.meta.dtype = output->type.dtype;
    place.meta.shape = view->shape;
    place.meta.strides = view->strides;
    place.offset += view->offset * static_cast<int64_t>(dtype_size(input.meta.dtype));
    places_[output] = place;
    return true;
  }

  void add_device_copy(const Node& node, const Place& input) {
    const Value* output = node.outputs[0];
    Device from = node.inputs[0]->type.device;
    if (from == output->type.device) {
      places_[output] = input;
      return;
    }
    Step step;
    step.node = &node;
    step.op = node.op->name;
    step.line = node.line;
    step.device = output->type.device;
    step.inputs = {input.meta.is_dense() ? input : draft_.add_copy(input, from)};
    step.outputs = {dense_place(draft_, input.meta.dtype, input.meta.shape, step.device)};
    places_[output] = step.outputs[0];
    draft_.steps.push_back(std::move(step));
  }

  static Device device_of(const Node& node) {
    if (!node.outputs.empty()) return node.outputs[0]->type.device;
    for (const Value* value : node.inputs)
      if (value) return value->type.device;
    return {};
  }

  const DraftRequest& request_;
  Draft draft_;
  std::unordered_map<const Value*, Place> places_;
};

}  // namespace

Place Draft::add_copy(const Place& from, Device device) {
  Step step;
  step.op = "copy";
  step.device = device;
  step.inputs = {from};
  step.outputs = {dense_place(*this, from.meta.dtype, from.meta.shape, device)};
  step.choice = choose(find_op("copy"), step.attrs, metas(step.inputs), metas(step.outputs), device);
  Place copy = step.outputs[0];
  steps.push_back(std::move(step));
  return copy;
}

Draft draft_plan(const DraftRequest& request) { return Drafter(request).run(); }

}  // namespace miai
