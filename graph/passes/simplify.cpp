#include "graph/ops/builders.h"
#include "graph/passes/pass.h"
#include "graph/passes/pattern.h"
#include "graph/passes/scalar_value.h"
#include "kernels/common/attrs/shape.h"

namespace miai {
namespace {

bool is_number(const Value* value, double number) {
  std::optional<ScalarValue> scalar = scalar_value(value);
  return scalar && scalar->number == number;
}

const TensorType& result(const Match& m) { return m.root().outputs[0]->type; }
bool keeps_type(const Match& m, const char* name) { return m.value(name)->type == result(m); }
Vars same(const Match& m) { return {m.var("x")}; }

/// op(x, number) is x, or op(number, x) where the number comes first: no bit changes.
Rule neutral(const std::string& op, double number, bool comes_first = false, bool floats = true) {
  auto when = [number, floats](const Match& m) {
    return keeps_type(m, "x") && is_number(m.value("number"), number) &&
           (floats || !is_float(result(m).dtype));
  };
  std::vector<Pattern> inputs{any("x"), any("number")};
  if (comes_first) std::swap(inputs[0], inputs[1]);
  return {op + " by " + std::to_string(static_cast<int>(number)), node(op, inputs), when, same};
}
Rule no_change(const std::string& op) {
  return {op + " to the same", node(op, {any("x")}), [](const Match& m) { return keeps_type(m, "x"); }, same};
}
/// f(f(x)) is x.
Rule cancels(const std::string& op) {
  auto when = [](const Match& m) { return keeps_type(m, "x"); };
  return {op + " twice", node(op, {node(op, {any("x")})}), when, same};
}

/// All input axes in the order of the output, also where the pattern is left empty (reversal).
Ints full_pattern(const Node& node) {
  Ints pattern = node.attrs.as<TransposeAttrs>().pattern;
  int rank = node.outputs[0]->type.rank();
  if (pattern.empty())
    for (int i = rank - 1; i >= 0; --i) pattern.push_back(i);
  for (int64_t& axis : pattern) axis = axis < 0 ? axis + rank : axis;
  return pattern;
}

Vars transpose_once(const Match& m) {
  Ints outer = full_pattern(m.root()), inner = full_pattern(m.node("inner")), both;
  for (int64_t axis : outer) both.push_back(inner[static_cast<size_t>(axis)]);
  return {transpose(m.var("x"), both)};
}

bool is_identity_transpose(const Match& m) {
  Ints pattern = full_pattern(m.root());
  for (size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i] != static_cast<int64_t>(i)) return false;
  return keeps_type(m, "x");
}

/// Every value of `from` is one of `to`.
bool holds_all(DType to, DType from) {
  if (from == DType::kBool || to == from) return true;
  if (is_float(from)) return is_float(to) && promote(to, from) == to;
  if (is_float(to)) return false;
  return to != DType::kBool && promote(to, from) == to;
}

bool casts_back(const Match& m) {
  const Value* between = m.node("inner").outputs[0];
  return keeps_type(m, "x") && holds_all(between->type.dtype, m.value("x")->type.dtype);
}

std::vector<Rule> make_rules() {
  return {
      neutral("mul", 1),
      neutral("mul", 1, true),
      neutral("div", 1),
      neutral("sub", 0),
      neutral("add", 0, false, false),  // -0.0 + 0 is 0: not for floats
      neutral("add", 0, true, false),
      cancels("neg"),
      no_change("reshape"),
      no_change("broadcast_to"),
      no_change("cast"),
      {"cast and back", node("cast", {node("cast", {any("x")}).called("inner")}), casts_back, same},
      {"concat of one", node("concat", {any("x")}),
       [](const Match& m) { return m.root().inputs.size() == 1 && keeps_type(m, "x"); }, same},
      {"reshape of reshape",
       node("reshape", {node("reshape", {any("x")})}),
       {},
       [](const Match& m) { return Vars{reshape(m.var("x"), result(m).shape)}; }},
      {"transpose of nothing", node("transpose", {any("x")}), is_identity_transpose, same},
      {"transpose of transpose",
       node("transpose", {node("transpose", {any("x")}).called("inner")}),
       {},
       transpose_once},
  };
}

}  // namespace

FunctionPtr simplify(const Function& function, const PassOptions&) {
  static const std::vector<Rule> rules = make_rules();
  return rewrite(function, rules);
}

}  // namespace miai
