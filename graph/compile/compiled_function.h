// The one implementation of Executable: a function after the passes, and its plans.
#pragma once
#include <list>
#include <mutex>

#include "graph/compile/draft.h"
#include "graph/compile/executable.h"
#include "graph/compile/prepare.h"

namespace miai {

class CompiledFunction final : public Executable {
 public:
  /// `function` is what the passes have left. From level 1 on what depends on states alone becomes a prepare
  /// part.
  CompiledFunction(FunctionPtr function, const CompileOptions& options);

  /// nullptr: there is nothing to prepare. Its values follow the function's states in what a plan takes.
  PreparePart* prepare_part() const { return prepare_.get(); }

  const Function& function() const override { return *function_; }
  const CompileOptions& options() const override { return options_; }
  std::shared_ptr<const Plan> plan(const std::vector<Shape>& input_shapes) override;
  std::shared_ptr<const Plan> plan(const std::vector<TensorMeta>& inputs,
                                   const std::vector<TensorMeta>& states) override;
  MemoryReport memory_report(const std::vector<Shape>& input_shapes) override;
  std::string explain(const std::vector<Shape>& input_shapes) override;

 private:
  /// Where kernels are measured; nullptr: they are not.
  KernelTimes* times() const;
  std::shared_ptr<const Plan> make_plan(const std::vector<TensorMeta>& inputs,
                                        const std::vector<TensorMeta>& states) const;

  FunctionPtr function_;
  FunctionPtr main_;  // without the prepare part
  std::unique_ptr<PreparePart> prepare_;
  CompileOptions options_;
  std::vector<TensorRef> constants_;
  std::unordered_map<const Value*, int> constant_index_;
  std::mutex mutex_;
  std::list<std::shared_ptr<const Plan>> plans_;  // most recently used first
};

}  // namespace miai
