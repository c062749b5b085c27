// fused_attention of float32: threads take queries of a head, and go over its keys block by block.
#include "kernels/x86/fused_attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/common/attention_shape.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/gemm.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {
namespace {

constexpr int64_t kQueries = 256, kKeys = 240;  // of a task, and of a block

const AttentionLoops& loops() {
  return choose_isa(baseline::attention_loops, avx2::attention_loops, avx512::attention_loops);
}

struct State {
  const GemmLoops<float>& gemm = gemm_loops<float>();
  AttentionShape shape;
  HeadOperand query, key, value, keep, bias, out;
  bool has_keep, has_bias;
  int64_t width, queries, panels, keys;  // of a panel, a task, a task, a block
  int64_t parts, slots;                  // of a head's queries, threads at most

  explicit State(const KernelSignature& s)
      : shape(s),
        query(s.inputs[0], shape.batch),
        key(s.inputs[1], shape.batch),
        value(s.inputs[2], shape.batch),
        keep(s.inputs[has(s, 3) ? 3 : 0], shape.batch),
        bias(s.inputs[has(s, 4) ? 4 : 0], shape.batch),
        out(s.outputs[0], shape.batch),
        has_keep(has(s, 3)),
        has_bias(has(s, 4)),
        width(gemm.columns),
        queries(std::min(kQueries, round_up(shape.queries, width))),
        panels(queries / width),
        keys(std::min(kKeys, shape.keys)),
        parts(divide_up(shape.queries, std::max<int64_t>(queries, 1))),
        slots(std::min<int64_t>(thread_count(), shape.heads * parts)) {}

  static bool has(const KernelSignature& s, size_t i) { return i < s.inputs.size() && s.inputs[i].present; }

  // ---- scratch of a thread ----
  int64_t rows(int64_t count) const { return round_up(count, gemm.rows); }
  int64_t query_elements() const { return queries * shape.features; }
  int64_t key_elements() const { return rows(keys) * shape.features; }
  int64_t value_elements() const { return rows(shape.out) * keys; }
  int64_t score_elements() const { return keys * width; }
  int64_t panel_elements() const { return width * (2 + shape.out); }
  int64_t elements() const {
    return round_up(
        query_elements() + key_elements() + value_elements() + score_elements() + panels * panel_elements(),
        16);
  }
};

/// Some queries of one head.
class Task {
 public:
  Task(const KernelArgs& args, const State& state, float* scratch, int64_t task)
      : args_(args),
        s_(state),
        a_(args.attrs_as<FusedAttentionAttrs>()),
        head_(task / s_.parts),
        first_(task % s_.parts * s_.queries),
        count_(std::min(s_.queries, s_.shape.queries - first_)),
        queries_(scratch),
        keys_(queries_ + s_.query_elements()),
        values_(keys_ + s_.key_elements()),
        scores_(values_ + s_.value_elements()),
        panels_(scores_ + s_.score_elements()) {}

  void run() const {
    begin();
    for (int64_t k = 0; k < s_.shape.keys && !args_.context.is_cancelled(); k += s_.keys)
      take_keys(k, std::min(s_.keys, s_.shape.keys - k));
    float* out = args_.outputs[0].as<float>() + s_.out.offset(head_) + first_ * s_.out.row;
    for (int64_t q = 0; q < count_; q += s_.width)
      loops().write(panel(q), std::min(s_.width, count_ - q), a_.zeroes_dead || s_.shape.keys == 0,
                    out + q * s_.out.row, s_.out.row, s_.out.column);
  }

 private:
  AttentionPanel panel(int64_t query) const {
    float* at = panels_ + query / s_.width * s_.panel_elements();
    return {static_cast<int>(s_.width), at, at + s_.width, at + 2 * s_.width, s_.shape.out};
  }

  void begin() const {
    const float* q = args_.inputs[0].as<float>() + s_.query.offset(head_) + first_ * s_.query.row;
    s_.gemm.pack_b(q, s_.query.column, s_.query.row, s_.shape.features, count_, queries_);
    const auto scale = static_cast<float>(a_.scale);
    for (int64_t i = 0; i < round_up(count_, s_.width) * s_.shape.features; ++i) queries_[i] *= scale;
    for (int64_t i = 0; i < count_; i += s_.width) {
      const AttentionPanel p = panel(i);
      std::fill_n(p.greatest, s_.width, -INFINITY);
      std::fill_n(p.total, s_.width * (1 + s_.shape.out), 0.0f);
    }
  }

  void take_keys(int64_t first, int64_t count) const {
    const float *k = args_.inputs[1].as<float>() + s_.key.offset(head_) + first * s_.key.row,
                *v = args_.inputs[2].as<float>() + s_.value.offset(head_) + first * s_.value.row;
    s_.gemm.pack_a(k, s_.key.row, s_.key.column, count, s_.shape.features, keys_);
    s_.gemm.pack_a(v, s_.value.column, s_.value.row, s_.shape.out, count, values_);
    for (int64_t q = 0; q < count_; q += s_.width) {
      s_.gemm.multiply(keys_, queries_ + q * s_.shape.features, scores_, s_.width, count, s_.width,
                       s_.shape.features, false);
      if (!mask(first_ + q, std::min(s_.width, count_ - q), first, count)) continue;
      const AttentionPanel p = panel(q);
      loops().take(p, scores_, count);
      s_.gemm.multiply(values_, scores_, p.sums, s_.width, s_.shape.out, s_.width, count, true);
    }
  }

  /// false: no query of the panel sees a key of the block.
  bool mask(int64_t first_query, int64_t queries, int64_t first_key, int64_t keys) const {
    bool is_seen = !s_.has_keep || s_.has_bias || a_.fill != -HUGE_VAL;
    for (int64_t i = 0; s_.has_keep && i < queries; ++i) {
      const bool* keep = args_.inputs[3].as<bool>() + s_.keep.offset(head_) +
                         (first_query + i) * s_.keep.row + first_key * s_.keep.column;
      is_seen |= fill(keep, keys, scores_ + i);
    }
    for (int64_t i = 0; s_.has_bias && i < queries; ++i) {
      const float* bias = args_.inputs[4].as<float>() + s_.bias.offset(head_) +
                          (first_query + i) * s_.bias.row + first_key * s_.bias.column;
      for (int64_t k = 0; k < keys; ++k) scores_[k * s_.width + i] += bias[k * s_.bias.column];
    }
    return is_seen;
  }

  /// One query's scores; whether it sees a key.
  bool fill(const bool* keep, int64_t keys, float* scores) const {
    const auto size = static_cast<size_t>(keys);
    if (s_.keep.column == 1 && !std::memchr(keep, 0, size)) return true;
    bool is_seen = false;
    for (int64_t k = 0; k < keys; ++k) {
      if (!keep[k * s_.keep.column]) scores[k * s_.width] = static_cast<float>(a_.fill);
      is_seen |= keep[k * s_.keep.column];
    }
    return is_seen;
  }

  const KernelArgs& args_;
  const State& s_;
  const FusedAttentionAttrs& a_;
  int64_t head_, first_, count_;  // queries
  float *queries_, *keys_, *values_, *scores_, *panels_;
};

void run(const KernelArgs& args) {
  const auto& s = args.state_as<State>();
  const int64_t tasks = s.shape.heads * s.parts;
  parallel_for(0, s.slots, 1, [&](int64_t begin, int64_t end) {
    for (int64_t slot = begin; slot < end; ++slot)
      for (int64_t task = slot * tasks / s.slots; task < (slot + 1) * tasks / s.slots; ++task)
        Task(args, s, static_cast<float*>(args.workspace) + slot * s.elements(), task).run();
  });
}

Support supports(const KernelSignature& s) { return supports_dtype(s.inputs[0].dtype); }

Prepared prepare(const KernelSignature& s) {
  auto state = std::make_shared<State>(s);
  return {state, static_cast<size_t>(state->slots * state->elements()) * sizeof(float)};
}

}  // namespace

void register_x86_fused_attention(KernelTable& table) {
  table.add({.op = "fused_attention",
             .name = "x86/fused_attention",
             .supports = supports,
             .prepare = prepare,
             .run = run,
             .preference = 10});
}

}  // namespace miai::kernels
