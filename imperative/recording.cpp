#include "imperative/recording.h"

#include <atomic>
#include <set>

#include "imperative/dispatch.h"
#include "imperative/random_state.h"
#include "kernels/common/attrs/random.h"

namespace miai {
namespace {

thread_local Recording* g_recording = nullptr;

ConstantData host_constant(const EagerValue& value) {
  size_t bytes = byte_size(value.ref.meta);
  std::shared_ptr<char[]> data(new (std::align_val_t(64)) char[bytes + 1],
                               [](char* p) { ::operator delete[](p, std::align_val_t(64)); });
  copy_to_host(value, data.get());
  return {data, bytes};
}

/// The name, or with a number behind it where it is taken.
std::string unique_name(const std::string& name, std::set<std::string>& taken) {
  std::string unique = name;
  for (int i = 1; !taken.insert(unique).second; ++i) unique = name + "." + std::to_string(i);
  return unique;
}

}  // namespace

Recording::Recording(std::string name) : function_(std::make_shared<Function>(std::move(name))) {
  static std::atomic<uint64_t> serial{0};
  serial_ = ++serial;
}

Recording::~Recording() { stop(); }

Recording* Recording::current() { return g_recording; }

void Recording::start() {
  outer_ = g_recording;
  g_recording = this;
  guard_ = std::make_unique<DimGuardScope>([this](Dim a, Dim b) { return hold_guard(a, b); });
  active_ = true;
}

void Recording::stop() {
  if (!active_) return;
  g_recording = outer_;
  guard_.reset();
  active_ = false;
}

void Recording::map(const EagerValue& value, Value* recorded) { values_.try_emplace(value.id, recorded); }

Value* Recording::find(uint64_t value_id) const {
  auto it = values_.find(value_id);
  return it == values_.end() ? nullptr : it->second;
}

const TensorType* Recording::type_of(uint64_t value_id) const {
  Value* value = find(value_id);
  return value ? &value->type : nullptr;
}

ValuePtr Recording::add_input(const ValuePtr& value, const std::string& name,
                              const std::vector<bool>& dynamic) {
  TensorType type = value->concrete_type();
  for (int i = 0; i < type.rank(); ++i) {
    if (i >= static_cast<int>(dynamic.size()) || !dynamic[i]) continue;
    int64_t size = type.shape[i].value();
    type.shape[i] = make_symbol(name + "_" + std::to_string(i));
    sizes_[type.shape[i].expression()] = size;
  }
  ValuePtr input = make_intrusive<EagerValue>(value->ref);  // an identity of its own
  map(*input, function_->add_input(type, name));
  return input;
}

CapturedCell& Recording::capture(Cell& cell) {
  auto [it, is_new] = captured_index_.try_emplace(&cell, captured_.size());
  if (is_new) captured_.push_back({CellPtr(&cell), cell.value()});
  return captured_[it->second];
}

void Recording::touch(Cell& cell) {
  if (cell.made_in_trace == serial_) return;
  CapturedCell& captured = capture(cell);
  if (!cell.value() || captured.written || captured.input) return;
  if (find(cell.value()->id)) cell.write_unrecorded(make_intrusive<EagerValue>(cell.value()->ref));
  captured.input = function_->add_state(cell.value()->concrete_type(), cell.name);
  map(*cell.value(), captured.input);
}

void Recording::on_write(Cell& cell, const ValuePtr& value) {
  if (cell.made_in_trace == serial_) return;
  CapturedCell& captured = capture(cell);
  captured.written = true;
  captured.cleared = !value;
  captured.output = value ? find(value->id) : nullptr;
  if (value && !captured.output)
    raise(ErrorKind::kRuntime, "trace: a tensor", cell.name.empty() ? "" : " ('" + cell.name + "')",
          " is given a value that was not computed in the traced call; compute it inside, or assign outside");
}

void Recording::record(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs,
                       const Vars& outputs) {
  std::vector<Value*> recorded;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Value* value = inputs[i] ? find(eager(inputs[i]).id) : nullptr;
    if (inputs[i] && !value)
      raise(ErrorKind::kRuntime, op.name, ": input ", i,
            " was computed before the traced call and reaches it through no ",
            "tensor; pass it as an argument or keep it in a tensor");
    recorded.push_back(value);
  }
  Node* node = function_->add_node(op, attrs, std::move(recorded), current_user_line());
  for (size_t i = 0; i < outputs.size(); ++i) map(eager(outputs[i]), node->outputs[i]);
}

void Recording::record_random(const OpDef& op, const Attrs& attrs, std::vector<Value*> inputs,
                              const Vars& outputs) {
  Node* node = function_->add_node(op, attrs, std::move(inputs), current_user_line());
  for (size_t i = 0; i < outputs.size(); ++i) map(eager(outputs[i]), node->outputs[i]);
}

void Recording::record_lowered(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs,
                               const Vars& outputs, const Vars& lowered, bool is_composite) {
  if (!is_composite) record(op, attrs, inputs, outputs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    Value* by = find(eager(lowered[i]).id);
    if (!by)
      raise(ErrorKind::kRuntime, op.name, ": its lowering gave a tensor computed before the traced call");
    if (is_composite) {
      map(eager(outputs[i]), by);
      continue;
    }
    Value* output = find(eager(outputs[i]).id);
    if (!(output->type == by->type))
      raise(ErrorKind::kValue, op.name, ": its lowering gave ", by->type, " for output ", i, ", infer said ",
            output->type);
    output->producer->lowered.push_back(by);
  }
}

void Recording::record_constant(const EagerValue& value) {
  map(value, function_->add_constant(value.concrete_type(), host_constant(value)));
}

Recording::Ticket Recording::take_ticket(Cell& generator) {
  CapturedCell& captured = capture(generator);
  if (!captured.input)
    captured.input = function_->add_state(generator.value()->concrete_type(), generator.name);
  return {captured.input, tickets_[&generator]++};
}

int64_t Recording::evaluate(Dim dim) const { return miai::evaluate(dim, sizes_); }

Attrs Recording::concrete(const Attrs& attrs) const {
  return map_dims(attrs, [this](Dim dim) { return Dim(evaluate(dim)); });
}

bool Recording::hold_guard(Dim a, Dim b) {
  bool holds = evaluate(a) == evaluate(b);
  function_->conditions.push_back({a, b, holds});
  return holds;
}

FunctionPtr Recording::finish(const std::vector<ValuePtr>& outputs) {
  for (const ValuePtr& output : outputs) {
    Value* value = find(output->id);
    if (!value)
      raise(ErrorKind::kRuntime,
            "trace: an output was not computed in the traced call; return what the step computes");
    function_->outputs.push_back(value);
  }
  list_states();
  return function_;
}

void Recording::list_states() {
  std::set<std::string> names;
  function_->states.clear();  // listed as they were read; now in the order of capture, with what was written
  for (CapturedCell& captured : captured_) {
    auto ticket = tickets_.find(captured.cell.get());
    if (ticket != tickets_.end()) {
      Attrs count = make_attrs(RandomAdvanceAttrs{ticket->second});
      captured.output = function_->add_node(find_op("random_advance"), count, {captured.input})->outputs[0];
    }
    if (!captured.input && !captured.output) continue;
    std::string name = unique_name(captured.cell->name.empty() ? "state" : captured.cell->name, names);
    if (captured.input) captured.input->name = name;
    function_->states.push_back({std::move(name), captured.input, captured.output});
  }
}

void Recording::roll_back() {
  for (CapturedCell& captured : captured_)
    if (captured.written || tickets_.contains(captured.cell.get()))
      captured.cell->write_unrecorded(captured.initial);
}

RecordingPause::RecordingPause() : paused_(g_recording) { g_recording = nullptr; }
RecordingPause::~RecordingPause() { g_recording = paused_; }

}  // namespace miai
