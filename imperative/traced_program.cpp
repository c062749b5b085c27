#include "imperative/traced_program.h"

#include <mutex>
#include <set>
#include <sstream>

#include "graph/passes/pass.h"
#include "imperative/anomaly.h"
#include "imperative/dtr.h"

namespace miai {
namespace {

/// The cells that running programs write. Two threads must not write one.
class WriteLocks {
 public:
  WriteLocks(const std::vector<BoundCell>& bound, const std::vector<CellPtr>& cells) {
    std::lock_guard lock(mutex());
    for (size_t i = 0; i < cells.size(); ++i) {
      if (!bound[i].written) continue;
      if (!held().insert(cells[i].get()).second) {
        release();
        raise(ErrorKind::kRuntime, "trace: tensor '", bound[i].name,
              "' is being written by a traced call of another thread; run them one after the other");
      }
      mine_.push_back(cells[i].get());
    }
  }
  ~WriteLocks() {
    std::lock_guard lock(mutex());
    release();
  }
  WriteLocks(const WriteLocks&) = delete;
  WriteLocks& operator=(const WriteLocks&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex m;
    return m;
  }
  static std::set<Cell*>& held() {
    static std::set<Cell*> cells;
    return cells;
  }
  void release() {
    for (Cell* cell : mine_) held().erase(cell);
    mine_.clear();
  }
  std::vector<Cell*> mine_;
};

bool bind_symbols(const Value& input, const Shape& shape, SymbolValues& sizes) {
  for (int i = 0; i < shape.size(); ++i) {
    Dim dim = input.type.shape[i];
    if (dim.is_static() ? dim.value() != shape[i] : false) return false;
    if (!dim.is_static() && !sizes.try_emplace(dim.expression(), shape[i]).second &&
        sizes[dim.expression()] != shape[i])
      return false;
  }
  return true;
}

std::vector<BoundCell> bind(const std::vector<CapturedCell>& captured) {
  std::vector<BoundCell> cells;
  for (const CapturedCell& c : captured) {
    TensorType type = c.input ? c.input->type : TensorType{};
    cells.push_back({WeakCell(*c.cell), c.cell->name, type, !c.initial, c.input != nullptr,
                     c.written || c.output, c.cleared});
  }
  return cells;
}

}  // namespace

TracedProgram::TracedProgram(FunctionPtr function, const std::vector<CapturedCell>& captured,
                             const CompileOptions& options)
    : TracedProgram(std::move(function), bind(captured), options) {}

TracedProgram::TracedProgram(FunctionPtr function, std::vector<BoundCell> cells,
                             const CompileOptions& options)
    : function_(std::move(function)),
      opt_level_(options.opt_level),
      cells_(std::move(cells)),
      executable_(compile(*function_, options)),
      execution_(executable_) {}

std::unique_ptr<TracedProgram> TracedProgram::lowered() const {
  FunctionPtr function = use_lowerings(*function_);
  if (!function) return nullptr;
  CompileOptions options{.opt_level = opt_level_};  // of a file: the limit is this machine's
  return std::unique_ptr<TracedProgram>(new TracedProgram(std::move(function), cells_, options));  // NOLINT
}

std::vector<CellPtr> TracedProgram::lock_cells() const {
  std::vector<CellPtr> cells;
  for (const BoundCell& bound : cells_) cells.push_back(bound.cell.lock());
  return cells;
}

std::vector<std::pair<CellPtr, std::string>> TracedProgram::state_cells() const {
  std::vector<std::pair<CellPtr, std::string>> cells;
  for (const BoundCell& bound : cells_)
    if (is_state(bound)) cells.emplace_back(bound.cell.lock(), function_->states[cells.size()].name);
  return cells;
}

std::vector<ValuePtr> TracedProgram::snapshot() const {
  std::vector<ValuePtr> values;
  for (const CellPtr& cell : lock_cells()) values.push_back(cell ? cell->value() : nullptr);
  return values;
}

void TracedProgram::restore(const std::vector<ValuePtr>& values) const {
  std::vector<CellPtr> cells = lock_cells();
  for (size_t i = 0; i < cells.size(); ++i)
    if (cells[i]) cells[i]->write_unrecorded(values[i]);
}

std::string TracedProgram::mismatch() const {
  for (const BoundCell& bound : cells_) {
    CellPtr cell = bound.cell.lock();
    auto tensor = [&] { return "tensor '" + bound.name + "' "; };
    if (!cell) return tensor() + "is gone";
    if (bound.was_empty != cell->is_empty())
      return tensor() + (bound.was_empty ? "is set, recorded as empty" : "is empty, recorded as set");
    if (!bound.read) continue;
    TensorType now = cell->value()->concrete_type();
    if (now == bound.type) continue;
    std::ostringstream text;
    text << tensor() << "is " << now << ", recorded as " << bound.type;
    return text.str();
  }
  return "";
}

bool TracedProgram::conditions_hold(const std::vector<Shape>& shapes) const {
  SymbolValues sizes;
  for (size_t i = 0; i < shapes.size(); ++i)
    if (!bind_symbols(*function_->inputs[i], shapes[i], sizes)) return false;
  for (const DimCondition& condition : function_->conditions)
    if ((evaluate(condition.a, sizes) == evaluate(condition.b, sizes)) != condition.holds) return false;
  return true;
}

std::vector<StateSlot> TracedProgram::bind_states(const std::vector<CellPtr>& cells) const {
  std::vector<StateSlot> slots;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!is_state(cells_[i])) continue;
    StateSlot slot;
    if (cells_[i].read) {
      const ValuePtr& value = cells[i]->value();
      keep_resident(*value->ref.storage);
      // the cell alone holds the value, and the value alone the storage
      slot.may_donate = value->use_count() == 1 && value->ref.storage->use_count() == 1;
      slot.value = value->ref;
    }
    slots.push_back(std::move(slot));
  }
  return slots;
}

void TracedProgram::commit(const std::vector<CellPtr>& cells, std::vector<StateSlot>& slots) const {
  size_t next = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells_[i].cleared) cells[i]->write_unrecorded(nullptr);
    if (!is_state(cells_[i])) continue;
    StateSlot& slot = slots[next++];
    if (cells_[i].written && !cells_[i].cleared)
      cells[i]->write_unrecorded(make_intrusive<EagerValue>(std::move(slot.value)));
  }
}

/// The operators as written, one by one, each looked at before any state is written.
std::vector<TensorRef> TracedProgram::run_watched(const std::vector<TensorRef>& inputs,
                                                  std::vector<StateSlot>& slots) {
  if (!watched_) {
    CompileOptions options;
    options.opt_level = 0;
    options.observed = true;
    watched_ = std::make_unique<Execution>(compile(*function_, options));
  }
  AnomalyObserver observer;
  watched_->set_observer(&observer);
  return watched_->run(inputs, slots);
}

void TracedProgram::release_memory() {
  execution_.release_memory();
  watched_ = nullptr;
}

std::vector<ValuePtr> TracedProgram::run(const std::vector<ValuePtr>& inputs) {
  std::vector<CellPtr> cells = lock_cells();
  WriteLocks locks(cells_, cells);
  std::lock_guard one_at_a_time(run_mutex_);
  std::vector<StateSlot> slots = bind_states(cells);
  std::vector<TensorRef> refs;
  for (const ValuePtr& input : inputs) {
    keep_resident(*input->ref.storage);
    refs.push_back(input->ref);
  }
  bool is_watched = anomaly_detection() != Anomalies::kNone;
  std::vector<TensorRef> outputs = is_watched ? run_watched(refs, slots) : execution_.run(refs, slots);
  commit(cells, slots);
  std::vector<ValuePtr> values;
  for (TensorRef& output : outputs) values.push_back(make_intrusive<EagerValue>(std::move(output)));
  return values;
}

}  // namespace miai
