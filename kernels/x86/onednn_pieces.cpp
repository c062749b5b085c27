// Calls of oneDNN that may take seconds, in pieces: it cannot be stopped in the middle of a primitive.
#include <algorithm>
#include <array>
#include <vector>

#include "kernels/common/parallel.h"
#include "kernels/x86/onednn.h"

namespace miai::kernels::onednn {
namespace {

constexpr int64_t kMostProducts = int64_t{1} << 32;  // of a piece, a thread: well below a second
constexpr int64_t kThreadWork = 256 * 1024;          // products that are worth waking a thread
constexpr int64_t kCostly = 2;                       // times as many for pieces that read an input whole
constexpr int64_t kChannels = 32;                    // of which such a piece has a multiple
constexpr size_t kMostInputs = 4;

struct Pieces {
  Cut cut;
  explicit Pieces(const Cut& c) : cut(c) {}
  int64_t extent = 1, step = 1;  // of the whole call and of each piece but the last
  Prepared each, last;
};

TensorMeta cut_out(TensorMeta meta, int axis, int64_t size) {
  if (axis >= 0 && meta.present) meta.shape[axis] = size;
  return meta;
}

Prepared prepare_piece(const KernelSignature& s, const BuildProgram& build, const Cut& cut, int64_t size) {
  std::vector<TensorMeta> inputs, outputs{cut_out(s.outputs[0], cut.output, size)};
  for (size_t i = 0; i < s.inputs.size(); ++i)
    inputs.push_back(cut_out(s.inputs[i], cut.inputs[static_cast<int>(i)], size));
  return prepare_program({s.op, inputs, outputs, s.attrs, s.device}, build);
}

TensorView moved(TensorView view, int axis, int64_t by) {
  if (axis < 0 || !view.present) return view;
  const int64_t bytes = by * view.strides[axis] * static_cast<int64_t>(dtype_size(view.dtype));
  view.data = static_cast<char*>(view.data) + bytes;
  return view;
}

}  // namespace

Prepared prepare_pieces(const KernelSignature& s, const BuildProgram& build, const Cut& cut) {
  auto state = std::make_shared<Pieces>(cut);
  const int64_t most = kMostProducts * thread_count() * (cut.is_costly ? kCostly : 1);
  if (cut.output < 0 || cut.products <= most) {
    state->each = prepare_program(s, build, cut.products < kThreadWork);
    return {state, state->each.workspace_bytes, state->each.packed_bytes};
  }
  state->extent = s.outputs[0].shape[cut.output];
  const int64_t count = std::min((cut.products + most - 1) / most, state->extent);
  const int64_t unit = cut.is_costly ? kChannels : 1;
  state->step = std::min((state->extent + count * unit - 1) / (count * unit) * unit, state->extent);
  state->each = prepare_piece(s, build, cut, state->step);
  const int64_t rest = state->extent % state->step;
  state->last = rest ? prepare_piece(s, build, cut, rest) : state->each;
  const size_t bytes = std::max(state->each.workspace_bytes, state->last.workspace_bytes);
  return {state, bytes};
}

void pack_weight(const void* state, const TensorView& weight, void* packed) {
  pack_program_weight(static_cast<const Pieces*>(state)->each.state.get(), weight, packed);
}

void run_pieces(const KernelArgs& args) {
  const Pieces& state = args.state_as<Pieces>();
  if (state.extent == 1)
    return run_program(
        {args.attrs, state.each.state.get(), args.inputs, args.outputs, args.workspace, args.context});
  for (int64_t at = 0; at < state.extent && !args.context.is_cancelled(); at += state.step) {
    const Prepared& piece = at + state.step <= state.extent ? state.each : state.last;
    std::array<TensorView, kMostInputs> inputs;
    for (size_t i = 0; i < args.inputs.size(); ++i)
      inputs[i] = moved(args.inputs[i], state.cut.inputs[static_cast<int>(i)], at);
    const std::array outputs{moved(args.outputs[0], state.cut.output, at)};
    run_program({args.attrs, piece.state.get(), std::span(inputs).first(args.inputs.size()), outputs,
                 args.workspace, args.context});
  }
}

}  // namespace miai::kernels::onednn
