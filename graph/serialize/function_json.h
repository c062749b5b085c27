// A Function as JSON, mirroring the textual form; large constants lie beside it as tensors.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "graph/ir/function.h"
#include "graph/serialize/host_tensor.h"

namespace miai {

/// Constants above this many bytes become tensors of the file.
inline constexpr size_t kInlineConstantBytes = 1024;

/// Writes the function; constants too large to be inline are appended to `tensors` under
/// "constant/<function>/<id>". Raises NotImplementedError for what files cannot hold yet (operators with
/// bodies).
nlohmann::ordered_json function_to_json(const Function& function, std::vector<HostTensor>& tensors);

/// Finds a tensor of the file by name; nullptr if there is none.
using FindTensor = std::function<const HostTensor*(const std::string&)>;
/// Reads a function and verifies it. Raises OSError "<file>: ..." for damaged JSON, an unknown operator
/// (naming it and its version) or a function that does not hold together. `place` names the file in messages.
FunctionPtr function_from_json(const nlohmann::ordered_json& json, const FindTensor& find,
                               const std::string& place);

}  // namespace miai
