// fused_attention, a query at a time, in double.
#include <cmath>

#include "kernels/common/attention_shape.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

using reference::narrow;
using reference::widen;

template <class T>
void run_query(const KernelArgs& args, const AttentionShape& s, int64_t head, int64_t i,
               std::vector<double>& scores) {
  const auto& a = args.attrs_as<FusedAttentionAttrs>();
  auto has = [&](size_t k) { return k < args.inputs.size() && args.inputs[k].present; };
  const HeadOperand query(args.inputs[0], s.batch), key(args.inputs[1], s.batch),
      value(args.inputs[2], s.batch), out(args.outputs[0], s.batch);
  const T *q = args.inputs[0].as<T>() + query.offset(head) + i * query.row,
          *k = args.inputs[1].as<T>() + key.offset(head), *v = args.inputs[2].as<T>() + value.offset(head);
  double greatest = -HUGE_VAL, sum = 0;
  for (int64_t j = 0; j < s.keys; ++j) {
    double score = 0;
    for (int64_t f = 0; f < s.features; ++f)
      score += widen(q[f * query.column]) * widen(k[j * key.row + f * key.column]);
    score *= a.scale;
    auto masked_at = [&](size_t operand) {
      const HeadOperand mask(args.inputs[operand], s.batch);
      return mask.offset(head) + i * mask.row + j * mask.column;
    };
    if (has(3) && !args.inputs[3].as<bool>()[masked_at(3)]) score = a.fill;
    if (has(4)) score += widen(args.inputs[4].as<T>()[masked_at(4)]);
    greatest = score > greatest || score != score ? score : greatest;
    scores[static_cast<size_t>(j)] = score;
  }
  const bool is_dead = a.zeroes_dead && greatest == -HUGE_VAL;
  for (int64_t j = 0; j < s.keys; ++j)
    sum += scores[static_cast<size_t>(j)] = is_dead ? 0 : std::exp(scores[static_cast<size_t>(j)] - greatest);
  for (int64_t f = 0; f < s.out; ++f) {
    double total = 0;
    for (int64_t j = 0; j < s.keys; ++j)
      total += scores[static_cast<size_t>(j)] * widen(v[j * value.row + f * value.column]);
    args.outputs[0].as<T>()[out.offset(head) + i * out.row + f * out.column] =
        narrow<T>(s.keys == 0 || is_dead ? 0 : total / sum);
  }
}

void run(const KernelArgs& args) {
  const AttentionShape s(args.inputs[0], args.inputs[2]);
  std::vector<double> scores(static_cast<size_t>(s.keys));
  visit_float(args.inputs[0].dtype, [&]<class T>() {
    for (int64_t head = 0; head < s.heads; ++head)
      for (int64_t i = 0; i < s.queries; ++i) run_query<T>(args, s, head, i, scores);
  });
}

}  // namespace

void register_reference_fused_attention(KernelTable& table) {
  table.add(reference_kernel("fused_attention", run));
}

}  // namespace miai::kernels
