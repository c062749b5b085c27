// What all reference kernels have in common: they take every signature and come last.
#pragma once
#include "kernels/common/kernel_table.h"

namespace miai::kernels {

using RunFunction = void (*)(const KernelArgs&);
using PrepareFunction = std::function<Prepared(const KernelSignature&)>;

inline Kernel reference_kernel(const std::string& op, RunFunction run, PrepareFunction prepare = {}) {
  Kernel kernel;
  kernel.op = op;
  kernel.name = "reference/" + op;
  kernel.prepare = std::move(prepare);
  kernel.run = run;
  kernel.preference = -100;
  return kernel;
}

/// One that checks no bounds and calls nothing that fails: it may run in a plan's commit section.
inline Kernel infallible_kernel(const std::string& op, RunFunction run, PrepareFunction prepare = {}) {
  Kernel kernel = reference_kernel(op, run, std::move(prepare));
  kernel.cannot_fail = true;
  return kernel;
}

}  // namespace miai::kernels
