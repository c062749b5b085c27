#include "graph/ops/runtime_op.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "kernels/common/error.h"

namespace miai {
namespace {

bool is_identifier(std::string_view name) {
  auto is_part = [](unsigned char c) { return c < 128 && (std::isalnum(c) || c == '_'); };
  return !name.empty() && name.size() <= 256 && std::all_of(name.begin(), name.end(), is_part) &&
         !std::isdigit(static_cast<unsigned char>(name[0]));
}

void check_name(const OpDef& op, std::string_view what, std::string_view name) {
  if (!is_identifier(name))
    raise(ErrorKind::kValue, "operator '", op.name, "': ", what, " '", name,
          "': expected a name of letters, digits and '_'");
}

}  // namespace

void check_runtime_op(const OpDef& op) {
  check_name(op, "name", op.name);
  std::set<std::string_view> taken;
  auto take = [&](std::string_view what, std::string_view name) {
    check_name(op, what, name);
    if (!taken.insert(name).second)
      raise(ErrorKind::kValue, "operator '", op.name, "': two arguments are named '", name, "'");
  };
  for (const InputDef& input : op.inputs) take("input", input.name);
  if (op.attrs)
    for (const FieldInfo& field : op.attrs->fields) take("attribute", field.name);
  for (const OutputDef& output : op.outputs) check_name(op, "output", output.name);
  if (op.outputs.empty()) raise(ErrorKind::kValue, "operator '", op.name, "': expected at least one output");
}

}  // namespace miai
