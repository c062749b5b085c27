#include "graph/compile/draft.h"

#include <algorithm>
#include <unordered_set>

#include "graph/compile/layouts.h"
#include "graph/ops/pointwise.h"
#include "kernels/common/error.h"
#include "runtime/backend.h"

namespace miai {

bool Step::may_overwrite(size_t input, size_t output) const {
  if (output >= outputs.size()) return false;
  const std::vector<int>& listed = definition().may_overwrite;
  bool is_listed =
      output == 0 && std::find(listed.begin(), listed.end(), static_cast<int>(input)) != listed.end();
  bool is_pointwise = definition().is_pointwise() || input >= definition().pointwise_from.value_or(SIZE_MAX);
  const TensorMeta &in = inputs[input].meta, &out = outputs[output].meta;
  bool lie_alike = (in.is_dense() && out.is_dense()) || (in.is_channels_last() && out.is_channels_last());
  return (is_listed || is_pointwise) && in.dtype == out.dtype && in.shape == out.shape && lie_alike;
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
  return kind == BaseKind::kInput || kind == BaseKind::kState || kind == BaseKind::kConstant ||
         kind == BaseKind::kPacked;
}

bool Draft::covers_buffer(const Place& place) const {
  return place.offset == 0 && place.meta.is_dense() &&
         static_cast<int64_t>(byte_size(place.meta)) == buffers[static_cast<size_t>(place.buffer)].bytes;
}

KernelChoice find_kernel(const OpDef& op, Attrs& attrs, const std::vector<TensorMeta>& inputs,
                         const std::vector<TensorMeta>& outputs, Device device, bool packs) {
  const Backend& backend = miai::backend(device.kind);
  KernelCall call = kernel_call(op, attrs, inputs, outputs);
  attrs = call.attrs;
  return find_kernel(backend.kernels(), {call.op, inputs, outputs, attrs, backend.kernel_kind, packs});
}

bool may_pack(const DraftRequest& request, const Node& node, int input) {
  if (!request.packs_inputs || input < 0 || static_cast<size_t>(input) >= node.inputs.size()) return false;
  const Value* value = node.inputs[static_cast<size_t>(input)];
  if (!value || value->producer) return false;
  if (value->constant) return true;
  return std::any_of(request.function.states.begin(), request.function.states.end(), [&](const State& state) {
    return state.input == value && (!state.output || state.output == value);
  });
}

bool may_pack(const DraftRequest& request, const Node& node) {
  const Backend& backend = miai::backend(device_of(node).kind);
  for (const auto& kernel : backend.kernels().find(backend.kernel_kind, node.op->name))
    if (may_pack(request, node, kernel->packs)) return true;
  return false;
}

Device device_of(const Node& node) {
  if (!node.outputs.empty()) return node.outputs[0]->type.device;
  for (const Value* value : node.inputs)
    if (value) return value->type.device;
  return {};
}

namespace {

/// Prepares the kernel that the step has found; `packed`: for a packed input, if it has use for one.
void prepare_kernel(Step& step, bool packed = false) {
  const Kernel& kernel = *step.choice.kernel;
  std::vector<TensorMeta> inputs = metas(step.inputs), outputs = metas(step.outputs);
  if (kernel.prepare)
    step.choice.prepared = kernel.prepare({kernel.op, inputs, outputs, step.attrs, kernel.device, packed});
}

class Drafter {
 public:
  explicit Drafter(const DraftRequest& request) : request_(request) {
    if (request.chooses_layouts) channels_last_ = channels_last_values(request);
  }

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
      step.outputs.push_back(draft_.add_place(output_meta(value), value->type.device));
    step.inputs = std::move(inputs);
    lay_out_inputs(step, attrs);
    step.attrs = attrs;
    step.choice = find_kernel(*node.op, step.attrs, metas(step.inputs), metas(step.outputs), step.device,
                              may_pack(request_, node));
    if (request_.times) take_quickest(step);
    prepare_packed(step);
    for (size_t i = 0; i < step.outputs.size(); ++i) places_[node.outputs[i]] = step.outputs[i];
    draft_.steps.push_back(std::move(step));
  }

  void take_quickest(Step& step) {
    std::vector<TensorMeta> inputs = metas(step.inputs), outputs = metas(step.outputs);
    const Kernel& found = *step.choice.kernel;
    step.choice = find_quickest_kernel(
        *request_.times, backend(step.device.kind).kernels(),
        {found.op, inputs, outputs, step.attrs, found.device, may_pack(request_, *step.node)});
  }

  void prepare_packed(Step& step) {
    int packs = step.choice.kernel->packs;
    bool packed = may_pack(request_, *step.node, packs);
    prepare_kernel(step, packed);
    size_t bytes = step.choice.prepared.packed_bytes;
    if (!packed || bytes == 0) return;
    step.packed = true;
    Place& input = step.inputs[static_cast<size_t>(packs)];
    int index = static_cast<int>(draft_.packed.size());
    draft_.packed.push_back({step.choice, input, bytes});
    input.buffer = draft_.add_buffer({.bytes = static_cast<int64_t>(bytes),
                                      .device = step.device,
                                      .kind = BaseKind::kPacked,
                                      .index = index});
    input.offset = 0;
  }

  TensorMeta output_meta(const Value* value) const {
    Shape shape = evaluate(value->type.shape, request_.sizes);
    return channels_last_.count(value) ? channels_last_meta(value->type.dtype, shape)
                                       : dense_meta(value->type.dtype, shape);
  }

  /// Copies images that lie in another way than the step's kernel wants them.
  void lay_out_inputs(Step& step, const Attrs& attrs) {
    const Node& node = *step.node;
    auto is_last = [&](const Value* value) { return channels_last_.count(value) != 0; };
    if (std::any_of(node.outputs.begin(), node.outputs.end(), is_last)) {
      std::vector<TensorMeta> inputs = metas(step.inputs), outputs = metas(step.outputs);
      ChannelsLastCall call(node, attrs, inputs, outputs, may_pack(request_, node));
      if (!call.kernel || !call.kernel->together) return;
      for (size_t i : call.image_inputs) lay_out(step.inputs[i], call.inputs[i]);
    } else if (std::any_of(node.inputs.begin(), node.inputs.end(), is_last) && wants_row_major(step, attrs)) {
      for (size_t i = 0; i < step.inputs.size(); ++i)
        if (is_last(node.inputs[i]))
          lay_out(step.inputs[i], dense_meta(step.inputs[i].meta.dtype, step.inputs[i].meta.shape));
    }
  }

  /// Whether another kernel is to be had for row-major inputs, or one at all.
  bool wants_row_major(const Step& step, const Attrs& attrs) const {
    std::vector<TensorMeta> given = metas(step.inputs), dense = given, outputs = metas(step.outputs);
    for (size_t i = 0; i < dense.size(); ++i)
      if (channels_last_.count(step.node->inputs[i])) dense[i] = dense_meta(dense[i].dtype, dense[i].shape);
    Attrs for_given = attrs, for_dense = attrs;
    const OpDef& op = *step.node->op;
    const bool packs = may_pack(request_, *step.node);
    auto for_rows = find_kernel(op, for_dense, dense, outputs, step.device, packs).kernel;
    try {
      return find_kernel(op, for_given, given, outputs, step.device, packs).kernel != for_rows;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNotImplemented) throw;
      return true;
    }
  }

  /// The tensor as `wanted` lies: itself, or a copy that others share.
  void lay_out(Place& place, const TensorMeta& wanted) {
    if (wanted.is_dense() ? place.meta.is_dense() : place.meta.is_channels_last()) return;
    for (const auto& [from, to] : laid_out_)
      if (from.buffer == place.buffer && from.offset == place.offset && from.meta == place.meta) {
        place = to;
        return;
      }
    Place copy = draft_.add_copy(place, draft_.buffers[static_cast<size_t>(place.buffer)].device, wanted);
    laid_out_.emplace_back(place, copy);
    place = copy;
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
    step.outputs = {draft_.add_place(dense_meta(input.meta.dtype, input.meta.shape), step.device)};
    places_[output] = step.outputs[0];
    draft_.steps.push_back(std::move(step));
  }

  const DraftRequest& request_;
  Draft draft_;
  std::unordered_map<const Value*, Place> places_;
  std::unordered_set<const Value*> channels_last_;
  std::vector<std::pair<Place, Place>> laid_out_;  // (tensor, its copy in the other layout)
};

}  // namespace

Step added_step(const std::string& op, Attrs attrs, std::vector<Place> inputs, std::vector<Place> outputs,
                Device device) {
  Step step;
  step.op = op;
  step.added_op = &find_op(op);
  step.attrs = std::move(attrs);
  step.inputs = std::move(inputs);
  step.outputs = std::move(outputs);
  step.device = device;
  step.choice = find_kernel(*step.added_op, step.attrs, metas(step.inputs), metas(step.outputs), device);
  prepare_kernel(step);
  return step;
}

Place Draft::add_place(const TensorMeta& meta, Device device) {
  return {add_buffer({.bytes = static_cast<int64_t>(byte_size(meta)), .device = device}), 0, meta};
}

Place Draft::add_copy(const Place& from, Device device) {
  return add_copy(from, device, dense_meta(from.meta.dtype, from.meta.shape));
}

Place Draft::add_copy(const Place& from, Device device, const TensorMeta& layout) {
  Step step = added_step("copy", {}, {from}, {add_place(layout, device)}, device);
  Place copy = step.outputs[0];
  steps.push_back(std::move(step));
  return copy;
}

Draft draft_plan(const DraftRequest& request) { return Drafter(request).run(); }

}  // namespace miai
