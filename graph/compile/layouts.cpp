#include "graph/compile/layouts.h"

#include <algorithm>
#include <unordered_map>

#include "graph/ops/pointwise.h"
#include "runtime/backend.h"

namespace miai {
namespace {

constexpr double kBytesPerSecond = 1e10;  // of a copy into another layout
constexpr double kOwnKernel = 0.25;       // share of its time that a kernel made for row-major images saves

bool is_image(const TensorMeta& meta) { return meta.present && meta.rank() == 4; }

TensorMeta as_channels_last(const TensorMeta& meta) {
  return is_image(meta) ? channels_last_meta(meta.dtype, meta.shape) : meta;
}

/// Whether any kernel of the call does; others (a plugin's) are not even asked.
bool takes_channels_last(const Node& node, const Attrs& attrs, const std::vector<TensorMeta>& inputs,
                         const std::vector<TensorMeta>& outputs) {
  const Backend& backend = miai::backend(device_of(node).kind);
  const auto& kernels =
      backend.kernels().find(backend.kernel_kind, kernel_call(*node.op, attrs, inputs, outputs).op);
  return std::any_of(kernels.begin(), kernels.end(),
                     [](const auto& kernel) { return kernel->channels_last.has_value(); });
}

std::vector<size_t> images_among(const std::vector<TensorMeta>& metas, const std::vector<int>& listed,
                                 bool every) {
  std::vector<size_t> images;
  for (size_t i = 0; i < metas.size(); ++i)
    if (is_image(metas[i]) &&
        (every || std::find(listed.begin(), listed.end(), static_cast<int>(i)) != listed.end()))
      images.push_back(i);
  return images;
}

}  // namespace

ChannelsLastCall::ChannelsLastCall(const Node& node, const Attrs& attrs, std::vector<TensorMeta> given_inputs,
                                   std::vector<TensorMeta> given_outputs)
    : inputs(std::move(given_inputs)), outputs(std::move(given_outputs)) {
  std::vector<TensorMeta> all_inputs, all_outputs;
  for (const TensorMeta& meta : inputs) all_inputs.push_back(as_channels_last(meta));
  for (const TensorMeta& meta : outputs) all_outputs.push_back(as_channels_last(meta));
  if (!takes_channels_last(node, attrs, inputs, outputs)) return;
  Attrs copy = attrs;
  chosen = find_kernel(*node.op, copy, all_inputs, all_outputs, device_of(node)).kernel;
  kernel = chosen->channels_last;
  if (!kernel) return;
  image_inputs = images_among(inputs, kernel->inputs, kernel->every);
  image_outputs = images_among(outputs, kernel->outputs, kernel->every);
  for (size_t i : image_inputs) inputs[i] = all_inputs[i];
  for (size_t i : image_outputs) outputs[i] = all_outputs[i];
}

namespace {

/// Images that must lie alike, and the seconds that they gain by lying channels-last.
class Groups {
 public:
  const Value* find(const Value* value) {
    auto it = parent_.try_emplace(value, value).first;
    if (it->second == value) return value;
    return it->second = find(it->second);
  }
  void join(const Value* a, const Value* b) {
    a = find(a), b = find(b);
    if (a == b) return;
    parent_[b] = a;
    gain_[a] += gain_[b];
  }
  void add(const Value* value, double seconds) { gain_[find(value)] += seconds; }
  double gain(const Value* value) { return gain_[find(value)]; }

 private:
  std::unordered_map<const Value*, const Value*> parent_;
  std::unordered_map<const Value*, double> gain_;
};

class LayoutChooser {
 public:
  explicit LayoutChooser(const DraftRequest& request) : request_(request) {}

  std::unordered_set<const Value*> choose() {
    const Function& f = request_.function;
    for (const Node* node : f.nodes) visit(*node);
    for (const Value* value : f.outputs) needs_row_major(value);
    for (const State& state : f.states) needs_row_major(state.output);
    std::erase_if(made_, [&](const Value* value) { return groups_.gain(value) <= 0; });
    return std::move(made_);
  }

 private:
  TensorMeta meta_of(const Value* value) const {
    TensorMeta absent;
    absent.present = false;
    return value ? dense_meta(value->type.dtype, evaluate(value->type.shape, request_.sizes)) : absent;
  }

  double copy_seconds(const Value* value) const {
    return static_cast<double>(byte_size(meta_of(value))) / kBytesPerSecond;
  }

  /// Somebody reads or makes the value row-major.
  void needs_row_major(const Value* value) {
    if (value && value->type.shape.size() == 4) groups_.add(value, -copy_seconds(value));
  }

  void visit(const Node& node) {
    auto is_image_value = [](const Value* value) { return value && value->type.shape.size() == 4; };
    if (!std::any_of(node.inputs.begin(), node.inputs.end(), is_image_value) &&
        !std::any_of(node.outputs.begin(), node.outputs.end(), is_image_value))
      return;
    std::vector<TensorMeta> inputs, outputs;
    for (const Value* value : node.inputs) inputs.push_back(meta_of(value));
    for (const Value* value : node.outputs) outputs.push_back(meta_of(value));
    Attrs attrs = map_dims(node.attrs, [&](Dim dim) {
      return Dim(dim.is_static() ? dim.value() : evaluate(dim, request_.sizes));
    });
    if (node.op->is_view() || node.op->name == "to_device") return visit_row_major(node);
    ChannelsLastCall call(node, attrs, inputs, outputs);
    if (!call.kernel) return visit_row_major(node);
    visit_images(node, call, find_kernel(*node.op, attrs, inputs, outputs, device_of(node)).kernel);
  }

  void visit_row_major(const Node& node) {
    for (const Value* value : node.inputs) needs_row_major(value);
    for (const Value* value : node.outputs) needs_row_major(value);
  }

  void visit_images(const Node& node, const ChannelsLastCall& call,
                    const std::shared_ptr<const Kernel>& row_major) {
    std::vector<const Value*> images;
    for (size_t i : call.image_inputs) images.push_back(node.inputs[i]);
    for (size_t i : call.image_outputs) {
      images.push_back(node.outputs[i]);
      made_.insert(node.outputs[i]);
    }
    if (call.kernel->together)
      for (const Value* value : images) {
        groups_.join(images[0], value);
        if (!value->producer) needs_row_major(value);
      }
    if (!call.kernel->preferred) return;
    double lost = kOwnKernel * seconds(node, call) / static_cast<double>(images.size());
    for (const Value* value : images)
      groups_.add(value, row_major == call.chosen ? copy_seconds(value) : -lost);
  }

  static double seconds(const Node& node, const ChannelsLastCall& call) {
    return estimated_seconds(op_cost(*node.op, node.attrs, call.inputs, call.outputs));
  }

  const DraftRequest& request_;
  Groups groups_;
  std::unordered_set<const Value*> made_;  // by steps that can write them channels-last
};

}  // namespace

std::unordered_set<const Value*> channels_last_values(const DraftRequest& request) {
  return LayoutChooser(request).choose();
}

}  // namespace miai
