// What the processor calls itself.
#pragma once
#include <string>

namespace miai {

/// "AMD EPYC 9654", with MIAI_ISA if that is set; "unknown" where the system does not say.
const std::string& processor_name();

}  // namespace miai
