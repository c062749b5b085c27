// A Function as JSON, mirroring the textual form; large constants lie beside it as tensors.
#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "graph/ir/function.h"
#include "graph/serialize/budget.h"
#include "graph/serialize/host_tensor.h"
#include "graph/serialize/json_view.h"

namespace miai {

/// Constants above this many bytes become tensors of the file.
inline constexpr size_t kInlineConstantBytes = 1024;

/// Writes the function; constants too large to be inline are appended to `tensors` under
/// "constant/<function>/<id>". Raises NotImplementedError for what files cannot hold yet (operators with
/// bodies).
nlohmann::ordered_json function_to_json(const Function& function, std::vector<HostTensor>& tensors);

/// Finds a tensor of the file by name.
using FindTensor = std::function<std::optional<HostTensor>(const std::string&)>;
/// Reads a function and verifies it; what it costs in memory is taken from the budget first. Raises OSError
/// "<file>: ..." for an unknown operator (naming it and its version) or a function that does not hold
/// together. `place` names the file in messages.
FunctionPtr function_from_json(const JsonView& json, const FindTensor& find, Budget& budget,
                               const std::string& place);

}  // namespace miai
