// Reverse-mode differentiation over a list of applied operators; works wherever the current emitter sends
// operators.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/ops/tables.h"

namespace miai {

/// One applied operator. Inputs and outputs that its gradient rule does not read are not kept (empty Vars).
struct OpRecord {
  const OpDef* op = nullptr;
  Attrs attrs;
  std::vector<uint64_t> input_ids;  // 0: absent
  std::vector<uint64_t> output_ids;
  std::vector<TensorType> input_types, output_types;
  std::vector<bool> needs;  // whether the input depends on a source
  Vars inputs, outputs;
  std::string line;  // where the user applied it; kept for anomalies and recordings only
};
/// The operator whose gradient this thread is building; nullptr: none.
const OpRecord* record_in_backward();

/// Keeps what the operator's rule reads; `id_of` names a Var.
using IdOf = uint64_t (*)(const Var&);
OpRecord make_record(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs, const Vars& outputs,
                     std::vector<bool> needs, IdOf id_of);

using Gradients = std::unordered_map<uint64_t, Var>;
/// Adds to what is there.
void add_gradient(Gradients& grads, uint64_t id, const Var& grad);

/// Runs the rules of `records` from last to first and empties each record as soon as its rule has run.
/// `grads` holds the seeds at the start; at the end, the gradients of the ids in `wanted` (absent: zero).
/// Raises NotImplementedError naming an operator without gradient.
void run_backward(std::vector<OpRecord>& records, Gradients& grads, const std::vector<uint64_t>& wanted,
                  IdOf id_of);

}  // namespace miai
