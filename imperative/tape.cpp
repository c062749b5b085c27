#include "imperative/tape.h"

#include <algorithm>

#include "imperative/anomaly.h"
#include "imperative/dispatch.h"
#include "imperative/recording.h"

namespace miai {
namespace {

thread_local std::vector<Tape*> g_tapes;
thread_local int g_no_grad = 0;

uint64_t id_of(const Var& var) { return eager(var).id; }

}  // namespace

Tape::~Tape() { stop(); }

void Tape::start() {
  if (active_) return;
  g_tapes.push_back(this);
  no_grad_depth_ = g_no_grad;
  recipes_ = RecipeScope::enter();
  active_ = true;
}

void Tape::stop() {
  if (!active_) return;
  std::erase(g_tapes, this);
  active_ = false;
}

void Tape::clear() {
  records_.clear();
  tracked_.clear();
  recipes_ = nullptr;
}

void Tape::record(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs, const Vars& outputs) {
  std::vector<bool> needs(inputs.size());
  bool any = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    needs[i] = inputs[i] && tracked_.contains(eager(inputs[i]).id);
    any |= needs[i];
  }
  if (!any) return;
  bool differentiable = false;
  for (const Var& output : outputs) {
    if (!is_float(eager(output).ref.meta.dtype)) continue;
    tracked_.insert(eager(output).id);
    differentiable = true;
  }
  if (!differentiable) return;
  records_.push_back(make_record(op, attrs, inputs, outputs, std::move(needs), id_of));
  if (Recording::current() || anomaly_detection() != Anomalies::kNone)
    records_.back().line = current_user_line();
}

Vars Tape::backward(const Vars& targets, const Vars& out_grads, const std::vector<uint64_t>& sources) {
  stop();
  std::shared_ptr<const RecipeScope> recipes = std::move(recipes_);  // ends after what is saved
  EmitterScope scope(&eager_emitter());
  Gradients grads;
  for (size_t i = 0; i < targets.size(); ++i) add_gradient(grads, id_of(targets[i]), out_grads[i]);
  std::vector<OpRecord> records = std::move(records_);
  records_.clear();
  run_backward(records, grads, sources, id_of);
  Vars result;
  for (uint64_t id : sources) {
    auto it = grads.find(id);
    result.push_back(it == grads.end() ? Var() : it->second);
  }
  return result;
}

void record_on_tapes(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs, const Vars& outputs) {
  for (Tape* tape : g_tapes)
    if (g_no_grad <= tape->no_grad_depth()) tape->record(op, attrs, inputs, outputs);
}

bool any_tape_tracks(std::span<const Var> inputs) {
  return std::any_of(g_tapes.begin(), g_tapes.end(), [&](Tape* tape) {
    return g_no_grad <= tape->no_grad_depth() &&
           std::any_of(inputs.begin(), inputs.end(),
                       [&](const Var& input) { return input && tape->tracks(eager(input).id); });
  });
}

bool any_tape_is_active() { return !g_tapes.empty(); }

NoGradScope::NoGradScope() { ++g_no_grad; }
NoGradScope::~NoGradScope() { --g_no_grad; }

}  // namespace miai
