// Looking for the operator that first makes a NaN or an infinity.
#pragma once
#include <span>
#include <string>

#include "graph/ops/op_def.h"
#include "kernels/common/error.h"
#include "runtime/plan_executor.h"

namespace miai {

enum class Anomalies { kNone, kNan, kNanAndInfinity };

/// What this thread's operators are searched for; kNone costs one comparison an operator.
Anomalies anomaly_detection();
/// Gives what it was.
Anomalies set_anomaly_detection(Anomalies what);

/// An operator made what was looked for. FloatingPointError in Python.
class AnomalyError : public Error {
 public:
  explicit AnomalyError(const std::string& message) : Error(ErrorKind::kRuntime, message) {}
};

/// Raises AnomalyError with operator, line, output, shape and counts if an output holds a value that is
/// looked for; waits for the device.
void check_anomalies(const OpDef& op, std::span<const Var> inputs, const Vars& outputs);

/// The same for each instruction of a plan.
class AnomalyObserver final : public InstructionObserver {
 public:
  void before(int, const Instruction&) override {}
  void after(const Instruction& instruction, std::span<const TensorRef> inputs,
             std::span<const TensorRef> outputs) override;
};

}  // namespace miai
