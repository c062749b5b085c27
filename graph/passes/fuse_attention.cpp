#include <algorithm>
#include <limits>

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "graph/passes/pass.h"
#include "graph/passes/pattern.h"
#include "graph/passes/scalar_value.h"
#include "kernels/common/attrs/fused_attention.h"
#include "kernels/common/attrs/matmul.h"
#include "kernels/common/attrs/reduce.h"
#include "kernels/common/attrs/softmax.h"
#include "runtime/backend.h"

namespace miai {
namespace {

// ---- the ways to write it: softmax(mask(query @ key.T * scale)) @ value ----

/// `scale` names what the scores are multiplied with, or divided by.
struct Scores {
  Pattern pattern;
  std::string scaled_by;  // "mul", "div", or empty
};

std::vector<Scores> all_scores() {
  auto product = [](const Pattern& query) {
    return node("matmul", {query, any("key")}).called("product").read_once();
  };
  std::vector<Scores> scores;
  auto add = [&](const std::string& by, auto&& scaled) {
    scores.push_back({product(scaled(any("query")).read_once()), by});
    scores.push_back({scaled(product(any("query"))).read_once(), by});
  };
  add("div", [](const Pattern& x) { return node("div", {x, any("scale")}); });
  add("mul", [](const Pattern& x) { return node("mul", {x, any("scale")}); });
  add("mul", [](const Pattern& x) { return node("mul", {any("scale"), x}); });
  scores.push_back({product(any("query")), ""});
  return scores;
}

/// Scores filled where one or two masks say so, with a bias, or both.
std::vector<Pattern> masked(const Pattern& scores) {
  const Pattern filled = node("where", {any("keep"), scores, any("fill")}).read_once(),
                twice = node("where", {any("keep too"), filled, any("fill")}).read_once();
  auto with_bias = [](const Pattern& x) { return node("add", {x, any("bias")}).either_order().read_once(); };
  return {twice, with_bias(filled), filled, with_bias(scores)};
}

Pattern softmax(const Pattern& x) { return node("softmax", {x}).called("softmax").read_once(); }

/// softmax, and zeros for queries without a key: where(dead, 0, softmax(where(dead, 0, scores))).
Pattern softmax_of_living(Pattern scores) {
  scores.once = false;  // `dead` is made of them
  return node("where",
              {any("dead"), any("zero"),
               softmax(node("where", {any("dead"), any("zero"), scores.called("scores")}).read_once())})
      .read_once();
}

// ---- what else has to hold ----

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_number(const Value* value, double number) {
  auto scalar = scalar_value(value);
  return scalar && scalar->number == number;
}

bool is_last_axis(std::optional<int64_t> axis, const Value* value) {
  return axis && (*axis == -1 || *axis == value->type.shape.size() - 1);
}

/// dead = (max of the scores' rows) == -inf, and nobody else reads the scores.
bool is_dead(const Match& m) {
  const Value *dead = m.value("dead"), *scores = m.node("scores").outputs[0];
  const Node* equal = dead->producer;
  if (!is_number(m.value("zero"), 0) || !equal || equal->op->name != "equal" ||
      !is_number(equal->inputs[1], -kInfinity) || m.reads(dead) != 2 || m.reads(scores) != 2)
    return false;
  const Node* max = equal->inputs[0]->producer;
  if (!max || max->op->name != "max" || max->inputs[0] != scores || m.reads(max->outputs[0]) != 1)
    return false;
  const auto& a = max->attrs.as<ReduceAttrs>();
  return a.keepdims && a.axis && a.axis->size() == 1 && is_last_axis((*a.axis)[0], scores);
}

/// Weights that stay in the caches cost nothing to keep, and libraries multiply small matrices well.
bool is_worth_it(const Dims& scores) {
  constexpr int64_t kLeastBytes = 4 << 20;
  int64_t bytes = sizeof(float);
  for (const Dim& dim : scores) {
    if (!dim.is_static()) return true;
    bytes *= dim.value();
  }
  return bytes >= kLeastBytes;
}

/// The first `a.size() - but` sizes.
bool sizes_equal(const Dims& a, const Dims& b, int but) {
  return a.size() == b.size() && a.size() >= but &&
         std::equal(a.begin(), a.end() - but, b.begin(), dims_equal);
}

/// Matrices of one batch, none of which is broadcast.
bool fits_together(const Match& m) {
  const Dims &query = m.value("query")->type.shape, &scores = m.node("product").outputs[0]->type.shape;
  return query.size() >= 2 && sizes_equal(query, m.value("key")->type.shape, 2) &&
         sizes_equal(query, m.value("value")->type.shape, 2) &&
         sizes_equal(query, m.root().outputs[0]->type.shape, 2) &&
         sizes_equal(scores, m.node("softmax").outputs[0]->type.shape, 0);
}

bool is_attention(const Match& m, const std::string& scaled_by) {
  const TensorType& out = m.root().outputs[0]->type;
  const auto &of_values = m.root().attrs.as<MatmulAttrs>(),
             &of_keys = m.node("product").attrs.as<MatmulAttrs>();
  const Value* softmax = m.node("softmax").outputs[0];
  return out.dtype == DType::kFloat32 && has_kernel("fused_attention", out.device) &&
         !of_values.transpose_a && !of_values.transpose_b && !of_keys.transpose_a &&
         is_last_axis(m.node("softmax").attrs.as<SoftmaxAttrs>().axis, softmax) &&
         (scaled_by.empty() || scalar_value(m.value("scale"))) &&
         (!m.has("fill") || scalar_value(m.value("fill"))) &&
         (!m.has("bias") || m.value("bias")->type.dtype == DType::kFloat32) && fits_together(m) &&
         is_worth_it(softmax->type.shape);
}

Vars attention(const Match& m, const std::string& scaled_by, bool zeroes_dead) {
  FusedAttentionAttrs attrs{.zeroes_dead = zeroes_dead};
  if (!scaled_by.empty()) {
    const double number = scalar_value(m.value("scale"))->number;
    attrs.scale = scaled_by == "mul" ? number : 1 / number;
  }
  if (m.has("fill")) attrs.fill = scalar_value(m.value("fill"))->number;
  Var keep = m.has("keep") ? m.var("keep") : Var(), bias = m.has("bias") ? m.var("bias") : Var();
  if (m.has("keep too")) {
    Var both[] = {keep, m.var("keep too")};
    keep = emit(find_op("logical_and"), Attrs(), both)[0];
  }
  Var key = m.var("key");
  if (!m.node("product").attrs.as<MatmulAttrs>().transpose_b) key = swap_last(key);
  Var inputs[] = {m.var("query"), key, m.var("value"), keep, bias};
  return emit(find_op("fused_attention"), make_attrs(attrs), inputs);
}

std::vector<Rule> make_rules() {
  std::vector<Rule> rules;
  auto add = [&](const Pattern& weights, const std::string& by, bool zeroes_dead) {
    rules.push_back({"attention", node("matmul", {weights, any("value")}),
                     [=](const Match& m) { return is_attention(m, by) && (!zeroes_dead || is_dead(m)); },
                     [=](const Match& m) { return attention(m, by, zeroes_dead); }});
  };
  for (const Scores& scores : all_scores()) {
    for (const Pattern& logits : masked(scores.pattern)) {
      add(softmax_of_living(logits), scores.scaled_by, true);
      add(softmax(logits), scores.scaled_by, false);
    }
    add(softmax(scores.pattern), scores.scaled_by, false);
  }
  return rules;
}

}  // namespace

FunctionPtr fuse_attention(const Function& function, const PassOptions&) {
  static const std::vector<Rule> rules = make_rules();
  return rewrite(function, rules);
}

}  // namespace miai
