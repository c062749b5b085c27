#include "graph/compile/layouts.h"

#include <algorithm>
#include <unordered_map>

#include "graph/compile/layout_search.h"
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

/// Kernels of the call, most preferred first.
const std::vector<std::shared_ptr<const Kernel>>& kernels_of(const Node& node, const Attrs& attrs,
                                                             const std::vector<TensorMeta>& inputs,
                                                             const std::vector<TensorMeta>& outputs) {
  const Backend& backend = miai::backend(device_of(node).kind);
  return backend.kernels().find(backend.kernel_kind, kernel_call(*node.op, attrs, inputs, outputs).op);
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

ChannelsLastCall::ChannelsLastCall(const Node& node, const Attrs& given_attrs,
                                   std::vector<TensorMeta> given_inputs,
                                   std::vector<TensorMeta> given_outputs, bool packs)
    : attrs(given_attrs), inputs(std::move(given_inputs)), outputs(std::move(given_outputs)) {
  for (const auto& candidate : kernels_of(node, attrs, inputs, outputs))
    if (candidate->channels_last && takes(node, candidate, packs)) return;
}

/// Whether the kernel is the one that would be found if what it calls images lay channels-last.
bool ChannelsLastCall::takes(const Node& node, const std::shared_ptr<const Kernel>& candidate, bool packs) {
  const ChannelsLast& own = *candidate->channels_last;
  std::vector<TensorMeta> laid_inputs = inputs, laid_outputs = outputs;
  const std::vector<size_t> of_inputs = images_among(inputs, own.inputs, own.every),
                            of_outputs = images_among(outputs, own.outputs, own.every);
  for (size_t i : of_inputs) laid_inputs[i] = as_channels_last(inputs[i]);
  for (size_t i : of_outputs) laid_outputs[i] = as_channels_last(outputs[i]);
  if (find_kernel(*node.op, attrs, laid_inputs, laid_outputs, device_of(node), packs).kernel != candidate)
    return false;
  chosen = candidate, kernel = own, image_inputs = of_inputs, image_outputs = of_outputs;
  inputs = std::move(laid_inputs), outputs = std::move(laid_outputs);
  return true;
}

namespace {

/// Turns a function into a LayoutProblem, and the search's answer into values.
class LayoutChooser {
 public:
  explicit LayoutChooser(const DraftRequest& request) : request_(request) {}

  std::unordered_set<const Value*> choose() {
    const Function& f = request_.function;
    for (const Node* node : f.nodes) visit(*node);
    for (const Value* value : f.outputs) needs_row_major(value);
    for (const State& state : f.states) needs_row_major(state.output);
    number_groups();
    std::vector<bool> lies = search_layouts(problem_);
    std::unordered_set<const Value*> chosen;
    for (const auto& [value, i] : numbers_) {
      const LayoutProblem::Image& image = problem_.images[static_cast<size_t>(i)];
      if (image.can_be && lies[static_cast<size_t>(image.group)]) chosen.insert(value);
    }
    return chosen;
  }

 private:
  TensorMeta meta_of(const Value* value) const {
    TensorMeta absent;
    absent.present = false;
    return value ? dense_meta(value->type.dtype, evaluate(value->type.shape, request_.sizes)) : absent;
  }

  static bool is_image_value(const Value* value) { return value && value->type.shape.size() == 4; }

  /// The number of an image among those of the problem.
  int number(const Value* value) {
    auto [it, is_new] = numbers_.try_emplace(value, static_cast<int>(problem_.images.size()));
    if (is_new)  // a group of its own until it joins another
      problem_.images.push_back({it->second, copy_seconds(*value)});
    return it->second;
  }
  double copy_seconds(const Value& image) const {
    TensorMeta meta = meta_of(&image);
    if (!request_.times) return static_cast<double>(byte_size(meta)) / kBytesPerSecond;
    Place from{.meta = meta}, to{.meta = as_channels_last(meta)};
    return step_seconds(added_step("copy", {}, {from}, {to}, image.type.device), request_.times);
  }
  LayoutProblem::Image& image(int i) { return problem_.images[static_cast<size_t>(i)]; }

  int group_of(int i) {
    while (image(i).group != i) i = image(i).group = image(image(i).group).group;
    return i;
  }
  void number_groups() {
    std::vector<int> numbers(problem_.images.size(), -1), groups;
    for (size_t i = 0; i < problem_.images.size(); ++i) {
      int& number = numbers[static_cast<size_t>(group_of(static_cast<int>(i)))];
      if (number < 0) number = problem_.groups++;
      groups.push_back(number);
    }
    for (size_t i = 0; i < groups.size(); ++i) problem_.images[i].group = groups[i];
  }

  /// Somebody reads or makes the value row-major.
  void needs_row_major(const Value* value) {
    if (is_image_value(value)) problem_.steps.push_back({{number(value)}, 0});
  }

  void visit(const Node& node) {
    if (std::none_of(node.inputs.begin(), node.inputs.end(), is_image_value) &&
        std::none_of(node.outputs.begin(), node.outputs.end(), is_image_value))
      return;
    std::vector<TensorMeta> inputs, outputs;
    for (const Value* value : node.inputs) inputs.push_back(meta_of(value));
    for (const Value* value : node.outputs) outputs.push_back(meta_of(value));
    Attrs attrs = map_dims(node.attrs, [&](Dim dim) {
      return Dim(dim.is_static() ? dim.value() : evaluate(dim, request_.sizes));
    });
    if (node.op->is_view() || node.op->name == "to_device") return visit_row_major(node);
    const bool packs = may_pack(request_, node);
    ChannelsLastCall call(node, attrs, inputs, outputs, packs);
    if (!call.kernel) return visit_row_major(node);
    visit_images(node, call, *find_kernel(*node.op, attrs, inputs, outputs, device_of(node), packs).kernel);
  }

  void visit_row_major(const Node& node) {
    for (const Value* value : node.inputs) needs_row_major(value);
    for (const Value* value : node.outputs) needs_row_major(value);
  }

  void visit_images(const Node& node, const ChannelsLastCall& call, const Kernel& row_major) {
    LayoutProblem::Step step{{}, 0, 0};
    for (size_t i : call.image_inputs) step.images.push_back(number(node.inputs[i]));
    for (size_t i : call.image_outputs) {
      step.images.push_back(number(node.outputs[i]));
      image(step.images.back()).can_be = true;
    }
    if (call.kernel->together)
      for (int i : step.images) image(group_of(i)).group = group_of(step.images[0]);
    if (call.kernel->preferred && !measure(node, call, row_major, step)) {
      step.channels_last = estimated_seconds(op_cost(*node.op, node.attrs, call.inputs, call.outputs));
      step.row_major = step.channels_last;
      if (row_major.channels_last && row_major.channels_last->preferred)  // it lays them out anew in each run
        for (int i : step.images) step.row_major += image(i).copy_seconds;
      else
        step.row_major *= 1 - kOwnKernel;
    }
    problem_.steps.push_back(std::move(step));
  }

  /// The seconds of both forms by running them, copies within the kernels included; false: not measured.
  bool measure(const Node& node, const ChannelsLastCall& call, const Kernel& row_major,
               LayoutProblem::Step& step) const {
    if (!request_.times) return false;
    auto quickest = [&](const std::vector<TensorMeta>& inputs, const std::vector<TensorMeta>& outputs) {
      return quickest_kernel(
          *request_.times, backend(device_of(node).kind).kernels(),
          {row_major.op, inputs, outputs, call.attrs, row_major.device, may_pack(request_, node)});
    };
    std::vector<TensorMeta> inputs, outputs;
    for (const Value* value : node.inputs) inputs.push_back(meta_of(value));
    for (const Value* value : node.outputs) outputs.push_back(meta_of(value));
    auto rows = quickest(inputs, outputs), last = quickest(call.inputs, call.outputs);
    if (!rows || !last) return false;
    step.row_major = rows->seconds, step.channels_last = last->seconds;
    return true;
  }

  const DraftRequest& request_;
  LayoutProblem problem_;
  std::unordered_map<const Value*, int> numbers_;
};

}  // namespace

std::unordered_set<const Value*> channels_last_values(const DraftRequest& request) {
  return LayoutChooser(request).choose();
}

}  // namespace miai
