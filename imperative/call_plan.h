// What eager needs to know to run one signature of a call: found once, kept in a cache of the thread.
#pragma once
#include <memory>
#include <vector>

#include "graph/ops/pointwise.h"
#include "graph/ops/tables.h"
#include "imperative/value.h"
#include "kernels/common/kernel_table.h"

namespace miai {

struct CallPlan {
  // the key
  const OpDef* op = nullptr;
  Attrs attrs;
  std::vector<TensorMeta> inputs;
  std::vector<Device> devices;
  bool deterministic = false;  // mode

  Device device;
  std::vector<TensorMeta> outputs;
  std::optional<ViewSpec> view;  // output 0 reads input 0's memory
  bool is_composite = false;     // no kernel: run the lowering
  Attrs kernel_attrs;
  KernelChoice choice;
};

/// The plan of this call, from the cache or made now. Raises what infer raises.
std::shared_ptr<const CallPlan> find_plan(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs);
/// Forgets all plans of this thread (a kernel was registered or disabled).
void clear_plans();

}  // namespace miai
