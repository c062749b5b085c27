#include "graph/autodiff/lowered_gradient.h"

#include <unordered_set>

namespace miai {
namespace {

/// Passes operators on to the emitter in force and records those that depend on a source.
class RecordingEmitter : public Emitter {
 public:
  RecordingEmitter(Emitter& inner, IdOf id_of) : inner_(inner), id_of_(id_of) {}

  void add_source(const Var& var) { tracked_.insert(id_of_(var)); }

  Vars emit(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) override {
    Vars outputs = inner_.emit(op, attrs, inputs);
    std::vector<bool> needs;
    bool any = false;
    for (const Var& input : inputs) {
      bool tracked = input && tracked_.contains(id_of_(input));
      needs.push_back(tracked);
      any |= tracked;
    }
    if (!any) return outputs;
    for (const Var& output : outputs)
      if (is_float(output.dtype())) tracked_.insert(id_of_(output));
    records.push_back(make_record(op, attrs, inputs, outputs, std::move(needs), id_of_));
    return outputs;
  }
  Var constant(const TensorType& type, const void* data) override { return inner_.constant(type, data); }

  std::vector<OpRecord> records;

 private:
  Emitter& inner_;
  IdOf id_of_;
  std::unordered_set<uint64_t> tracked_;
};

}  // namespace

Vars lowered_gradient(OpRecord& record, Vars out_grads, IdOf id_of) {
  RecordingEmitter emitter(Emitter::current(), id_of);
  std::vector<uint64_t> wanted;
  for (size_t i = 0; i < record.inputs.size(); ++i) {
    if (!record.needs[i]) continue;
    emitter.add_source(record.inputs[i]);
    wanted.push_back(record.input_ids[i]);
  }
  Gradients grads;
  Vars outputs;
  {
    EmitterScope scope(&emitter);
    outputs = record.op->lower(record.inputs, record.attrs);
  }
  for (size_t i = 0; i < outputs.size() && i < out_grads.size(); ++i)
    if (out_grads[i]) add_gradient(grads, id_of(outputs[i]), out_grads[i]);
  run_backward(emitter.records, grads, wanted, id_of);
  Vars result(record.inputs.size());
  for (size_t i = 0; i < result.size(); ++i) {
    auto it = grads.find(record.input_ids[i]);
    if (!record.needs[i] || it == grads.end()) continue;
    result[i] = it->second;
    grads.erase(it);  // an input given twice has one gradient
  }
  return result;
}

}  // namespace miai
