// Steps that run again in another way than the first time.
#include "graph/compile/draft.h"

namespace miai {

std::optional<Step> cheaper_repeat(const Step& step) {
  if (!step.node || !step.node->op->repeat) return std::nullopt;
  std::optional<CheaperRepeat> repeat = step.node->op->repeat(step.node->attrs);
  if (!repeat) return std::nullopt;
  std::vector<Place> inputs;
  size_t first_output = step.node->op->inputs.size();
  for (int i : repeat->inputs) {
    auto number = static_cast<size_t>(i);
    Place absent;
    absent.meta.present = false;
    if (number >= first_output)
      inputs.push_back(step.outputs[number - first_output]);
    else
      inputs.push_back(number < step.inputs.size() ? step.inputs[number] : absent);
  }
  Step again = added_step(repeat->op, repeat->attrs, std::move(inputs), {step.outputs[0]}, step.device);
  again.line = step.line;
  return again;
}

}  // namespace miai
