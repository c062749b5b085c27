// Compiles the textual form of a function and runs it.
#pragma once
#include "test/graph/common/toy_ops.h"

namespace miai::testing {

struct Compiled {
  std::shared_ptr<Executable> executable;
  Execution execution;
  explicit Compiled(std::string_view text, int opt_level = 0)
      : executable(compile_text(text, opt_level)), execution(executable) {}

  std::vector<TensorRef> run(const std::vector<TensorRef>& inputs, std::vector<StateSlot>& states) {
    return execution.run(inputs, states);
  }
  std::vector<TensorRef> run(const std::vector<TensorRef>& inputs) {
    std::vector<StateSlot> none;
    return execution.run(inputs, none);
  }

 private:
  static std::shared_ptr<Executable> compile_text(std::string_view text, int opt_level) {
    use_toy_ops();
    CompileOptions options;
    options.opt_level = opt_level;
    options.verify = true;
    return compile(*parse_function(text), options);
  }
};

/// A slot over a tensor that nobody else holds.
inline StateSlot donated(const TensorRef& tensor) { return {tensor, true}; }
inline StateSlot kept(const TensorRef& tensor) { return {tensor, false}; }

}  // namespace miai::testing
