// An operator's attributes as a JSON object of the fields that differ from their defaults.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_map>

#include "graph/ops/op_def.h"
#include "graph/serialize/budget.h"
#include "graph/serialize/json_view.h"

namespace miai {

/// The symbols and expressions that a function's text has named so far.
struct SymbolTable {
  Budget& budget;
  std::unordered_map<std::string, Dim> names = {}, expressions = {};
};

/// An integer, or a symbolic dim's text.
nlohmann::ordered_json dim_to_json(Dim dim);
Dim dim_from_json(const JsonView& json, SymbolTable& symbols);

nlohmann::ordered_json attrs_to_json(const Attrs& attrs);
/// Upgrades attributes of an older version of the operator. Raises TypeError or ValueError naming the field.
Attrs attrs_from_json(const JsonView& json, const OpDef& op, int version, SymbolTable& symbols);

}  // namespace miai
