// What is kept for a late step in fewer bytes: values of which it needs bools alone (the gradients of relu,
// relu6 and clip) as bits, and results that have a compact form (OpDef::compact) in that.
#include <algorithm>

#include "graph/compile/bool_part.h"
#include "graph/compile/draft.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/pack_bits.h"
#include "kernels/common/attrs/pointwise_reduce.h"

namespace miai {
namespace {

constexpr int64_t kWorthwhile = 64 * 1024;  // bytes
constexpr size_t kFar = 8;                  // steps without a reader: the value is kept for later

/// A value that one late step reads.
struct KeptValue {
  size_t maker = 0, kept_from = 0, reader = 0;  // steps; nobody touches it between the last two
  size_t output = 0, input = 0;                 // of maker and reader
};

/// What the step runs on elements; nullptr: no program.
const pointwise::Program* program_of(const Step& step) {
  const std::string& op = step.choice.kernel->op;
  if (op == "pointwise") return &step.attrs.as<PointwiseAttrs>().program;
  return op == "pointwise_reduce" ? &step.attrs.as<PointwiseReduceAttrs>().program : nullptr;
}
/// The step's attributes with another program.
Attrs with_program(const Step& step, const pointwise::Program& program) {
  if (step.choice.kernel->op == "pointwise") return make_attrs(PointwiseAttrs{program});
  auto attrs = step.attrs.as<PointwiseReduceAttrs>();
  attrs.program = program;
  return make_attrs(std::move(attrs));
}

class CompactSaver {
 public:
  explicit CompactSaver(Draft& draft)
      : draft_(draft),
        touching_(draft.buffers.size()),
        before_(draft.steps.size()),
        after_(draft.steps.size()) {
    for (size_t s = 0; s < draft.steps.size(); ++s)
      for (const std::vector<Place>* places : {&draft.steps[s].inputs, &draft.steps[s].outputs})
        for (const Place& place : *places)
          if (place.buffer >= 0) touching_[static_cast<size_t>(place.buffer)].push_back(s);
  }

  void run() {
    for (int b = 0; b < static_cast<int>(touching_.size()); ++b)
      if (std::optional<KeptValue> kept = find(b))
        if (!keep_as_bits(*kept)) keep_compact(*kept);
    std::vector<Step> steps;
    auto move_all = [&](std::vector<Step>& list) {
      for (Step& step : list) steps.push_back(std::move(step));
    };
    for (size_t s = 0; s < before_.size(); ++s) {
      move_all(before_[s]);
      steps.push_back(std::move(draft_.steps[s]));
      move_all(after_[s]);
    }
    draft_.steps = std::move(steps);
  }

 private:
  std::optional<KeptValue> find(int b) const {
    const Buffer& buffer = draft_.buffers[static_cast<size_t>(b)];
    const std::vector<size_t>& touching = touching_[static_cast<size_t>(b)];
    if (buffer.kind != BaseKind::kArena || buffer.bytes < kWorthwhile || touching.size() < 2 || is_result(b))
      return std::nullopt;
    KeptValue kept{touching.front(), touching[touching.size() - 2], touching.back()};
    const Step& reader = draft_.steps[kept.reader];
    std::optional<size_t> output = place_in(draft_.steps[kept.maker].outputs, b),
                          input = place_in(reader.inputs, b);
    if (kept.reader < kept.kept_from + kFar || reader.commits || !reader.node || !reader.choice.kernel ||
        !output || !input)
      return std::nullopt;
    kept.output = *output;
    kept.input = *input;
    return kept;
  }

  bool is_result(int b) const {
    auto is_it = [&](const Place& place) { return place.buffer == b; };
    return std::any_of(draft_.outputs.begin(), draft_.outputs.end(), is_it) ||
           std::any_of(draft_.writes.begin(), draft_.writes.end(),
                       [&](const DraftWrite& write) { return is_it(write.value); });
  }
  /// The one that is all of the buffer, without gaps.
  std::optional<size_t> place_in(const std::vector<Place>& places, int b) const {
    int64_t bytes = draft_.buffers[static_cast<size_t>(b)].bytes;
    for (size_t i = 0; i < places.size(); ++i)
      if (places[i].buffer == b && places[i].offset == 0 &&
          static_cast<int64_t>(byte_size(places[i].meta)) == bytes &&
          (places[i].meta.is_dense() || places[i].meta.is_channels_last()))
        return i;
    return std::nullopt;
  }

  /// A value like this one, of another dtype.
  Place add_like(const Place& value, DType dtype) {
    TensorMeta meta = value.meta;
    meta.dtype = dtype;
    return draft_.add_place(meta, draft_.buffers[static_cast<size_t>(value.buffer)].device);
  }
  /// The elements in the order in which they lie.
  static Place as_row(Place place) {
    place.meta = dense_meta(place.meta.dtype, {place.meta.size()});
    return place;
  }
  Place add(std::vector<Step>& steps, const std::string& op, Attrs attrs, const Place& from,
            const Place& to) {
    Device device = draft_.buffers[static_cast<size_t>(to.buffer)].device;
    steps.push_back(added_step(op, std::move(attrs), {from}, {to}, device));
    return to;
  }

  bool keep_as_bits(const KeptValue& kept) {
    Step& reader = draft_.steps[kept.reader];
    Place value = reader.inputs[kept.input];
    const pointwise::Program* program = program_of(reader);
    if (!program || value.meta.dtype == DType::kBool) return false;
    std::optional<BoolPart> parts = bool_part(*program, static_cast<int>(kept.input));
    if (!parts) return false;
    for (size_t i = 0; i < parts->bools.size(); ++i) {
      Place bools = keep_bits(kept, value, parts->bools[i]);
      if (i == 0)
        reader.inputs[kept.input] = bools;
      else
        reader.inputs.push_back(bools);
    }
    become(reader, parts->rest);
    return true;
  }

  /// Bools of a value for its late reader, bits until then.
  Place keep_bits(const KeptValue& kept, const Place& value, const pointwise::Program& program) {
    int64_t count = value.meta.size();
    Place bools = add(after_[kept.kept_from], "pointwise", make_attrs(PointwiseAttrs{program}), value,
                      add_like(value, DType::kBool));
    Place bits = draft_.add_place(dense_meta(DType::kUInt8, {(count + 7) / 8}),
                                  draft_.buffers[static_cast<size_t>(bools.buffer)].device);
    add(after_[kept.kept_from], "pack_bits", {}, as_row(bools), bits);
    Place again = add_like(value, DType::kBool);
    add(before_[kept.reader], "unpack_bits", make_attrs(UnpackBitsAttrs{count}), bits, as_row(again));
    return again;
  }

  void keep_compact(const KeptValue& kept) {
    const Step& maker = draft_.steps[kept.maker];
    if (!maker.node || !maker.node->op->compact) return;
    std::optional<CompactForm> form = maker.node->op->compact(kept.output, maker.attrs, metas(maker.inputs));
    if (!form) return;
    Place& value = draft_.steps[kept.reader].inputs[kept.input];
    Place small = add(after_[kept.kept_from], form->encode, form->attrs, value, add_like(value, form->dtype));
    value = add(before_[kept.reader], form->decode, form->attrs, small, add_like(value, value.meta.dtype));
  }

  /// The step runs another program on its inputs.
  void become(Step& step, const pointwise::Program& program) {
    auto node = std::make_shared<Node>(*step.node);
    const std::string op = step.choice.kernel->op;
    node->op = &find_op(op);
    node->attrs = with_program(step, program);
    Step changed = added_step(op, node->attrs, step.inputs, step.outputs, step.device);
    changed.node = node.get();
    changed.line = step.line;
    draft_.own_nodes.push_back(std::move(node));
    step = std::move(changed);
  }

  Draft& draft_;
  std::vector<std::vector<size_t>> touching_;      // steps that read or write each buffer, in order
  std::vector<std::vector<Step>> before_, after_;  // each step: those added
};

}  // namespace

void save_compactly(Draft& draft) { CompactSaver(draft).run(); }

}  // namespace miai
