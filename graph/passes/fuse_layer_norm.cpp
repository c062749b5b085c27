#include <algorithm>

#include "graph/ops/tables.h"
#include "graph/passes/pass.h"
#include "graph/passes/pattern.h"
#include "graph/passes/scalar_value.h"
#include "kernels/common/attrs/layer_norm.h"
#include "kernels/common/attrs/reduce.h"
#include "runtime/backend.h"

namespace miai {
namespace {

// ---- c / sqrt(mean(c * c) + eps) with c = x - mean(x) ----

struct Squared {
  Pattern pattern;
  int reads;  // of c, by the square and by the quotient
};

Pattern centred() {
  return node("sub", {any("x"), node("mean", {any("x")}).called("mean").read_once()}).called("centred");
}

const Squared kSquared[] = {{node("square", {centred()}), 2},
                            {node("mul", {centred(), any("c")}), 3},
                            {node("pow", {centred(), any("2")}), 2}};

/// Names of numbers are what they have to be.
bool is_number(const Match& m, const std::string& name) {
  auto scalar = scalar_value(m.value(name));
  return scalar && scalar->number == std::stod(name);
}

/// The ways to write the quotient; `numbers` are the constants in it.
struct Quotient {
  Pattern pattern;
  std::vector<std::string> numbers;
};

std::vector<Quotient> quotients_by(const Pattern& variance) {
  const Pattern sum = node("add", {variance, any("eps")}).either_order().read_once();
  const Pattern root = node("sqrt", {sum}).read_once();
  return {{node("div", {any("c"), root}), {}},
          {node("div", {any("c"), node("pow", {sum, any("0.5")}).read_once()}), {"0.5"}},
          {node("mul", {any("c"), node("rsqrt", {sum}).read_once()}).either_order(), {}},
          {node("mul", {any("c"), node("div", {any("1"), root}).read_once()}).either_order(), {"1"}}};
}

/// The sizes of the axes that a mean goes over, if they are the last ones and stay; empty: no.
Dims last_sizes(const Node& mean) {
  const auto& a = mean.attrs.as<ReduceAttrs>();
  const Dims& shape = mean.inputs[0]->type.shape;
  if (!a.keepdims || !a.axis) return {};
  std::vector<bool> is_reduced(static_cast<size_t>(shape.size()));
  for (int64_t axis : *a.axis) is_reduced[static_cast<size_t>(axis < 0 ? axis + shape.size() : axis)] = true;
  const auto first = std::find(is_reduced.begin(), is_reduced.end(), true);
  if (std::find(first, is_reduced.end(), false) != is_reduced.end()) return {};
  Dims sizes;
  for (auto d = static_cast<int>(first - is_reduced.begin()); d < shape.size(); ++d)
    sizes.push_back(shape[d]);
  return sizes;
}

bool sizes_equal(const Dims& a, const Dims& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), dims_equal);
}

bool is_layer_norm(const Match& m, int reads, const std::vector<std::string>& numbers) {
  const TensorType& type = m.root().outputs[0]->type;
  const Value* c = m.value("c");
  const Dims sizes = last_sizes(m.node("mean"));
  auto eps = scalar_value(m.value("eps"));
  return c == m.node("centred").outputs[0] && m.reads(c) == reads && m.value("x")->type == type &&
         (type.dtype == DType::kFloat32 || type.dtype == DType::kFloat64) &&
         has_kernel("layer_norm", type.device) && !sizes.empty() &&
         sizes_equal(sizes, last_sizes(m.node("variance"))) && eps && eps->number > 0 &&
         std::all_of(numbers.begin(), numbers.end(), [&](const auto& name) { return is_number(m, name); });
}

Vars layer_norm(const Match& m, Dims sizes, double eps, const Var& weight, const Var& bias) {
  Var inputs[] = {m.var("x"), weight, bias};
  return {emit(find_op("layer_norm"), make_attrs(LayerNormAttrs{std::move(sizes), eps}), inputs)[0]};
}

void add_quotients(std::vector<Rule>& rules) {
  for (const Squared& squared : kSquared)
    for (const Quotient& quotient :
         quotients_by(node("mean", {squared.pattern}).called("variance").read_once()))
      rules.push_back({"layer_norm", quotient.pattern,
                       [reads = squared.reads, numbers = quotient.numbers,
                        squares = squared.pattern.op == "pow"](const Match& m) {
                         return is_layer_norm(m, reads, numbers) && (!squares || is_number(m, "2"));
                       },
                       [](const Match& m) {
                         return layer_norm(m, last_sizes(m.node("mean")),
                                           scalar_value(m.value("eps"))->number, Var(), Var());
                       }});
}

// ---- a product and a sum after it ----

/// The norm has no bias yet, and a product's factor comes before any sum.
void add_parameter(const std::string& op, std::vector<Rule>& rules) {
  const Pattern norm = node("layer_norm", {any("x"), any("w"), any("b")}).called("norm").read_once();
  auto fits = [op](const Match& m) {
    const auto& a = m.node("norm").attrs.as<LayerNormAttrs>();
    const TensorType &parameter = m.value("parameter")->type, &x = m.value("x")->type;
    return !m.value("b") && (op == "add" || !m.value("w")) && parameter.dtype == x.dtype &&
           (x.dtype == DType::kFloat32 || x.dtype == DType::kFloat64) &&
           sizes_equal(parameter.shape, a.normalized_shape);
  };
  auto build = [op](const Match& m) {
    const auto& a = m.node("norm").attrs.as<LayerNormAttrs>();
    const Var parameter = m.var("parameter");
    return op == "add" ? layer_norm(m, a.normalized_shape, a.eps, m.var("w"), parameter)
                       : layer_norm(m, a.normalized_shape, a.eps, parameter, Var());
  };
  rules.push_back({"layer_norm and " + op, node(op, {norm, any("parameter")}).either_order(), fits, build});
}

std::vector<Rule> make_rules() {
  std::vector<Rule> rules;
  add_quotients(rules);
  add_parameter("mul", rules);
  add_parameter("add", rules);
  return rules;
}

}  // namespace

FunctionPtr fuse_layer_norm(const Function& function, const PassOptions&) {
  static const std::vector<Rule> rules = make_rules();
  return rewrite(function, rules);
}

}  // namespace miai
