#include "graph/compile/compiled_function.h"

namespace miai {

std::shared_ptr<Executable> compile(const Function& function, const CompileOptions& options) {
  return std::make_shared<CompiledFunction>(function.clone(), options);
}

}  // namespace miai
