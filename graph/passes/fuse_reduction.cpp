#include <algorithm>

#include "graph/ops/pointwise.h"
#include "graph/passes/pass.h"
#include "graph/passes/rebuild.h"
#include "kernels/common/attrs/pointwise_reduce.h"
#include "runtime/backend.h"

namespace miai {
namespace {

constexpr std::string_view kReductions[] = {"sum", "mean", "max", "min"};

/// What makes the elements in one program, with one output of a dtype that the kernels reduce.
std::optional<pointwise::Program> program_of(const Node& node) {
  const DType dtype = node.outputs[0]->type.dtype;
  if (node.outputs.size() != 1 || (dtype != DType::kFloat32 && dtype != DType::kFloat64)) return std::nullopt;
  if (node.op->name == "pointwise") return node.attrs.as<PointwiseAttrs>().program;
  if (!node.op->is_pointwise() || node.op->random || node.op->effect || node.inputs.empty() ||
      std::find(node.inputs.begin(), node.inputs.end(), nullptr) != node.inputs.end())
    return std::nullopt;
  std::vector<DType> dtypes;
  for (const Value* value : node.inputs) dtypes.push_back(value->type.dtype);
  return build_program(*node.op, node.attrs, dtypes, dtype);
}

/// Whether the reduced axes are neighbours: rows or columns. With others between, the elements that are
/// reduced lie in stretches too short to be made one by one.
bool are_neighbours(const std::optional<Ints>& axis, const Dims& shape) {
  if (!axis) return true;
  std::vector<bool> is_reduced;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == Dim(1)) continue;
    auto names_it = [&](int64_t a) { return (a < 0 ? a + shape.size() : a) == i; };
    is_reduced.push_back(std::any_of(axis->begin(), axis->end(), names_it));
  }
  auto first = std::find(is_reduced.begin(), is_reduced.end(), true);
  return std::find(std::find(first, is_reduced.end(), false), is_reduced.end(), true) == is_reduced.end();
}

class ReductionFusion {
 public:
  explicit ReductionFusion(const Function& function) : function_(function), users_(users_of(function)) {}

  /// The attributes of the one operator that does both; nullopt: they stay two.
  std::optional<PointwiseReduceAttrs> fused(const Node& node) const {
    if (std::find(std::begin(kReductions), std::end(kReductions), node.op->name) == std::end(kReductions))
      return std::nullopt;
    const Value* value = node.inputs[0];
    const auto& attrs = node.attrs.as<ReduceAttrs>();
    if (!value->producer || !is_read_once(value) || !are_neighbours(attrs.axis, value->type.shape) ||
        !has_kernel("pointwise_reduce", value->type.device))
      return std::nullopt;
    auto program = program_of(*value->producer);
    if (!program || program->code[static_cast<size_t>(program->outputs[0])].dtype != value->type.dtype)
      return std::nullopt;
    return PointwiseReduceAttrs{std::move(*program), node.op->name, attrs.axis, attrs.keepdims};
  }

 private:
  bool is_read_once(const Value* value) const {
    auto is_written = [&](const State& state) { return state.output == value; };
    return users_[static_cast<size_t>(value->id)].size() == 1 &&
           std::find(function_.outputs.begin(), function_.outputs.end(), value) == function_.outputs.end() &&
           std::none_of(function_.states.begin(), function_.states.end(), is_written);
  }

  const Function& function_;
  std::vector<std::vector<Node*>> users_;
};

}  // namespace

FunctionPtr fuse_reduction(const Function& function, const PassOptions&) {
  Rebuild rebuild(function);
  ReductionFusion fusion(function);
  for (const Node* node : function.nodes) {
    auto attrs = fusion.fused(*node);
    if (!attrs) {
      rebuild.copy(*node);  // the makers of elements are dead code in a moment
      continue;
    }
    rebuild.replace_node(*node, [&] {
      Vars read;
      for (const Value* value : node->inputs[0]->producer->inputs) read.push_back(rebuild.var(value));
      return emit(find_op("pointwise_reduce"), make_attrs(std::move(*attrs)), read);
    });
  }
  return rebuild.finish();
}

}  // namespace miai
