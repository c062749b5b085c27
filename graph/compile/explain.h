// What a plan does and needs, in words.
#pragma once
#include "graph/compile/executable.h"

namespace miai {

MemoryReport report_memory(const Plan& plan);
std::string explain_plan(const Plan& plan);

}  // namespace miai
