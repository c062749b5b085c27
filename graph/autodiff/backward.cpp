#include "graph/autodiff/backward.h"

#include <unordered_set>
#include <utility>

#include "graph/autodiff/lowered_gradient.h"
#include "graph/ops/builders.h"

namespace miai {
namespace {

thread_local const OpRecord* g_in_backward = nullptr;

class InBackward {
 public:
  explicit InBackward(const OpRecord& record) : outer_(std::exchange(g_in_backward, &record)) {}
  ~InBackward() { g_in_backward = outer_; }
  InBackward(const InBackward&) = delete;
  InBackward& operator=(const InBackward&) = delete;

 private:
  const OpRecord* outer_;
};

bool saves(const std::vector<int>& list, int i) {
  for (int k : list)
    if (k == i || k == GradDef::kAll) return true;
  return false;
}

Vars run_rule(OpRecord& record, Vars out_grads, IdOf id_of) {
  const GradDef* grad = GradTable::global().find(record.op->name);
  if (!grad && record.op->lower) return lowered_gradient(record, std::move(out_grads), id_of);
  if (!grad)
    raise(ErrorKind::kNotImplemented, record.op->name,
          ": has no gradient; detach its inputs or use another operator");
  std::vector<bool> absent;
  for (uint64_t id : record.input_ids) absent.push_back(id == 0);
  GradContext context(*record.op, record.attrs, std::move(record.inputs), std::move(record.outputs),
                      record.input_types, std::move(out_grads), record.needs);
  context.set_absent(std::move(absent));
  return grad->rule(context);
}

void check_gradient(const OpRecord& record, size_t i, const Var& grad) {
  TensorType type = grad.type();
  const TensorType& expected = record.input_types[i];
  bool fits = type.dtype == expected.dtype && type.rank() == expected.rank();
  for (int d = 0; fits && d < type.rank(); ++d) fits = dims_equal(type.shape[d], expected.shape[d]);
  if (fits) return;  // two symbols may stand for one size: the batch of images and that of labels
  raise(ErrorKind::kRuntime, record.op->name, ": gradient of input ", i, " is ", type, ", expected ",
        expected, "; the operator's gradient rule is wrong");
}

}  // namespace

const OpRecord* record_in_backward() { return g_in_backward; }

void add_gradient(Gradients& grads, uint64_t id, const Var& grad) {
  auto [it, is_new] = grads.try_emplace(id, grad);
  if (!is_new) it->second = it->second + grad;
}

OpRecord make_record(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs, const Vars& outputs,
                     std::vector<bool> needs, IdOf id_of) {
  static const std::vector<int> all{GradDef::kAll}, none;
  const GradDef* grad = GradTable::global().find(op.name);
  const std::vector<int>& kept_inputs = grad ? grad->saves_inputs : all;
  const std::vector<int>& kept_outputs = grad ? grad->saves_outputs : none;
  OpRecord record{&op, attrs, {}, {}, {}, {}, std::move(needs), {}, {}, {}};
  for (size_t i = 0; i < inputs.size(); ++i) {
    record.input_ids.push_back(inputs[i] ? id_of(inputs[i]) : 0);
    record.input_types.push_back(inputs[i] ? inputs[i].type() : TensorType{});
    record.inputs.push_back(saves(kept_inputs, static_cast<int>(i)) ? inputs[i] : Var());
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    record.output_ids.push_back(id_of(outputs[i]));
    record.output_types.push_back(outputs[i].type());
    record.outputs.push_back(saves(kept_outputs, static_cast<int>(i)) ? outputs[i] : Var());
  }
  return record;
}

void run_backward(std::vector<OpRecord>& records, Gradients& grads, const std::vector<uint64_t>& wanted,
                  IdOf id_of) {
  const std::unordered_set<uint64_t> keep(wanted.begin(), wanted.end());
  while (!records.empty()) {
    OpRecord record = std::move(records.back());
    records.pop_back();
    Vars out_grads;
    bool any = false;
    for (uint64_t id : record.output_ids) {
      auto it = grads.find(id);
      out_grads.push_back(it == grads.end() ? Var() : it->second);
      any |= it != grads.end();
      if (it != grads.end() && !keep.contains(id)) grads.erase(it);
    }
    if (!any) continue;
    InBackward scope(record);
    Vars in_grads = run_rule(record, std::move(out_grads), id_of);
    for (size_t i = 0; i < in_grads.size(); ++i) {
      if (!in_grads[i] || !record.needs[i]) continue;
      check_gradient(record, i, in_grads[i]);
      add_gradient(grads, record.input_ids[i], in_grads[i]);
    }
  }
}

}  // namespace miai
