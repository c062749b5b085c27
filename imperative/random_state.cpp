#include "imperative/random_state.h"

#include <array>
#include <map>
#include <mutex>
#include <random>

#include "imperative/dispatch.h"
#include "imperative/recording.h"
#include "imperative/tape.h"
#include "kernels/common/attrs/random.h"

namespace miai {
namespace {

struct Generators {
  std::mutex mutex;
  std::map<std::pair<int, int>, CellPtr> by_device;
  int64_t seed = static_cast<int64_t>(std::random_device{}()) << 20;
};
Generators& generators() {
  static Generators all;
  return all;
}

ValuePtr state_value(int64_t seed, int64_t next, Device device) {
  const std::array<int64_t, 2> words{seed, next};
  return value_from_host(DType::kInt64, {2}, device, words.data());
}

int state_index(const OpDef& op) {
  for (size_t i = 0; i < op.inputs.size(); ++i)
    if (op.inputs[i].name == "state") return static_cast<int>(i);
  raise(ErrorKind::kRuntime, op.name, ": a random operator needs an input named 'state'");
}

Attrs with_ticket(const OpDef& op, const Attrs& attrs, int64_t ticket) {
  std::shared_ptr<void> data = attrs.type()->clone(attrs.data());
  const FieldInfo* field = op.attrs->find("ticket");
  field->set(data.get(), ticket, *field);
  return Attrs(std::move(data), attrs.type());
}

void advance(Cell& generator) {
  Var state = to_var(generator.value());
  Vars next =
      dispatch_unrecorded(find_op("random_advance"), make_attrs(RandomAdvanceAttrs{1}), std::span(&state, 1));
  generator.write_unrecorded(to_value(next[0]));
}

}  // namespace

CellPtr make_generator(int64_t seed, Device device) {
  CellPtr cell = make_intrusive<Cell>(state_value(seed, 0, device));
  cell->name = "random." + device_name(device);
  return cell;
}

CellPtr default_generator(Device device) {
  Generators& all = generators();
  std::lock_guard lock(all.mutex);
  CellPtr& cell = all.by_device[{static_cast<int>(device.kind), device.index}];
  if (!cell) cell = make_generator(all.seed, device);
  return cell;
}

void seed_generators(int64_t seed) {
  Generators& all = generators();
  std::lock_guard lock(all.mutex);
  all.seed = seed;
  for (auto& [key, cell] : all.by_device)
    cell->write_unrecorded(state_value(seed, 0, cell->value()->ref.device()));
}

Vars dispatch_random(const OpDef& op, const Attrs& attrs, std::vector<Var> inputs, Cell& generator) {
  const int at = state_index(op);
  if (static_cast<int>(inputs.size()) <= at) inputs.resize(at + 1);
  inputs[at] = to_var(generator.value());
  Recording* recording = Recording::current();
  Vars outputs = dispatch_unrecorded(op, recording ? recording->concrete(attrs) : attrs, inputs);
  if (recording) {
    Recording::Ticket ticket = recording->take_ticket(generator);
    std::vector<Value*> recorded;
    for (const Var& input : inputs) recorded.push_back(input ? recording->find(eager(input).id) : nullptr);
    recorded[at] = ticket.state;
    recording->record_random(op, with_ticket(op, attrs, ticket.index), std::move(recorded), outputs);
  }
  record_on_tapes(op, attrs, inputs, outputs);
  advance(generator);
  return outputs;
}

}  // namespace miai
