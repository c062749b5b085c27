// recurrence and its gradient, one sequence of the batch after the other, in double.
#include <cmath>

#include "kernels/common/recurrence_shape.h"
#include "kernels/common/recurrent_cells.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

struct ExactMath {
  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
  static double tanh(double x) { return std::tanh(x); }
};

template <class F>
void visit_cell(RecurrentCell::Kind kind, F&& f) {
  switch (kind) {
    case RecurrentCell::kGru:
      return f.template operator()<GruCell<double, ExactMath>>();
    case RecurrentCell::kLstm:
      return f.template operator()<LstmCell<double, ExactMath>>();
    case RecurrentCell::kRnnTanh:
      return f.template operator()<RnnCell<double, ExactMath, false>>();
    case RecurrentCell::kRnnRelu:
      return f.template operator()<RnnCell<double, ExactMath, true>>();
  }
}

/// A sequence, or a (batch, hidden) tensor; one that was not given reads as zeros.
template <class T>
class Rows {
 public:
  Rows(const RecurrenceShape& shape, std::span<const TensorView> views, size_t i)
      : data_(i < views.size() && views[i].present ? views[i].as<T>() : nullptr),
        at_(data_ ? RecurrenceRows(shape, views[i])
                  : RecurrenceRows(shape, dense_meta(DType::kFloat32, {1, 1}))) {}
  double get(int64_t time, int64_t n, int64_t j) const {
    return data_ ? reference::widen(data_[time * at_.time + n * at_.batch + j * at_.feature]) : 0;
  }
  void set(int64_t time, int64_t n, int64_t j, double value) const {
    data_[time * at_.time + n * at_.batch + j * at_.feature] = reference::narrow<T>(value);
  }

 private:
  T* data_;
  RecurrenceRows at_;
};

/// What a unit of a cell reads and writes, and the sums that go from step to step.
struct Scratch {
  double *states, *gates;  // [2][hidden], [gates][hidden]
  Scratch(void* workspace, int64_t hidden)
      : states(static_cast<double*>(workspace)), gates(states + 2 * hidden) {}
  static size_t bytes(const RecurrenceShape& shape) {
    return sizeof(double) * static_cast<size_t>(2 * shape.hidden + shape.gate_values());
  }
};

template <class T>
class Weight {
 public:
  explicit Weight(const TensorView& view)
      : data_(view.as<T>()), row_(view.strides[0]), column_(view.strides[1]) {}
  double operator()(int64_t i, int64_t j) const { return reference::widen(data_[i * row_ + j * column_]); }

 private:
  const T* data_;
  int64_t row_, column_;
};

template <class T, class Cell>
void forward_of(const KernelArgs& args) {
  using namespace recurrence_input;
  RecurrenceShape s(args.attrs_as<RecurrenceAttrs>(), args.inputs[kProjection].shape,
                    args.inputs[kWeight].shape);
  Rows<T> projection(s, args.inputs, kProjection), out(s, args.outputs, 0), saved(s, args.outputs, 1);
  Weight<T> weight(args.inputs[kWeight]);
  bool has_bias = kBias < args.inputs.size() && args.inputs[kBias].present;
  Scratch scratch(args.workspace, s.hidden);
  auto bias = [&](int64_t i) {
    return has_bias ? reference::widen(args.inputs[kBias].as<T>()[i * args.inputs[kBias].strides[0]]) : 0;
  };
  auto step = [&](int64_t time, int64_t n) {
    for (int64_t i = 0; i < s.gate_values(); ++i) {
      scratch.gates[i] = bias(i);
      for (int64_t k = 0; k < s.hidden; ++k) scratch.gates[i] += weight(i, k) * scratch.states[k];
    }
    for (int64_t j = 0; j < s.hidden; ++j) {
      double p[4], u[4], state[2], keep[5];
      for (int g = 0; g < Cell::kGates; ++g)
        p[g] = projection.get(time, n, g * s.hidden + j), u[g] = scratch.gates[g * s.hidden + j];
      for (int k = 0; k < Cell::kStates; ++k) state[k] = scratch.states[k * s.hidden + j];
      Cell::forward(p, u, state, keep);
      for (int k = 0; k < Cell::kStates; ++k) scratch.states[k * s.hidden + j] = state[k];
      for (int k = 0; k < Cell::kSaved; ++k) saved.set(time, n, k * s.hidden + j, keep[k]);
      out.set(time, n, j, state[0]);
    }
  };
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int k = 0; k < Cell::kStates; ++k)
      for (int64_t j = 0; j < s.hidden; ++j)
        scratch.states[k * s.hidden + j] = Rows<T>(s, args.inputs, kFirstH + k).get(0, n, j);
    for (int64_t i = 0; i < s.steps; ++i) step(s.time(i), n);
    for (int k = 0; k < Cell::kStates; ++k)
      for (int64_t j = 0; j < s.hidden; ++j)
        Rows<T>(s, args.outputs, 2 + k).set(0, n, j, scratch.states[k * s.hidden + j]);
  }
}

template <class T, class Cell>
void backward_of(const KernelArgs& args) {
  using namespace recurrence_input;
  RecurrenceShape s(args.attrs_as<RecurrenceAttrs>(), args.inputs[kOut].shape,
                    args.inputs[kGradWeight].shape);
  Rows<T> dout(s, args.inputs, kGradOut), out(s, args.inputs, kOut), saved(s, args.inputs, kSaved);
  Rows<T> first[] = {{s, args.inputs, kGradFirstH}, {s, args.inputs, kGradFirstC}};
  Rows<T> dprojection(s, args.outputs, 0), rest(s, args.outputs, 2);
  Weight<T> weight(args.inputs[kGradWeight]);
  Scratch scratch(args.workspace, s.hidden);
  auto unit = [&](int64_t i, int64_t n, int64_t j) {
    int64_t time = s.time(i);
    double dp[4], du[4], grad[2], keep[5], before[2], after[1] = {out.get(time, n, j)};
    for (int k = 0; k < Cell::kSaved; ++k) keep[k] = saved.get(time, n, k * s.hidden + j);
    for (int k = 0; k < Cell::kStates; ++k) {
      grad[k] = scratch.states[k * s.hidden + j];
      before[k] = i == 0   ? first[k].get(0, n, j)
                  : k == 0 ? out.get(s.time(i - 1), n, j)
                           : saved.get(s.time(i - 1), n, (Cell::kSaved - 1) * s.hidden + j);
    }
    grad[0] += dout.get(time, n, j);
    Cell::backward(keep, before, after, grad, dp, du);
    for (int k = 0; k < Cell::kStates; ++k) scratch.states[k * s.hidden + j] = grad[k];
    for (int g = 0; g < Cell::kGates; ++g) {
      dprojection.set(time, n, g * s.hidden + j, dp[g]);
      scratch.gates[g * s.hidden + j] = du[g];
    }
    if (Cell::kOwnRecurrent) rest.set(time, n, j, du[Cell::kGates - 1]);
  };
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int k = 0; k < Cell::kStates; ++k)
      for (int64_t j = 0; j < s.hidden; ++j)
        scratch.states[k * s.hidden + j] = Rows<T>(s, args.inputs, kGradLastH + k).get(0, n, j);
    for (int64_t i = s.steps - 1; i >= 0; --i) {
      for (int64_t j = 0; j < s.hidden; ++j) unit(i, n, j);
      for (int64_t r = 0; r < s.gate_values(); ++r)
        for (int64_t j = 0; j < s.hidden; ++j) scratch.states[j] += scratch.gates[r] * weight(r, j);
    }
    for (int k = 0; k < Cell::kStates; ++k)
      for (int64_t j = 0; j < s.hidden; ++j)
        Rows<T>(s, args.outputs, 1 + k).set(0, n, j, scratch.states[k * s.hidden + j]);
  }
}

void run_forward(const KernelArgs& args) {
  RecurrentCell::Kind kind = find_recurrent_cell(args.attrs_as<RecurrenceAttrs>().cell)->kind;
  visit_float(args.inputs[0].dtype,
              [&]<class T>() { visit_cell(kind, [&]<class Cell>() { forward_of<T, Cell>(args); }); });
}
void run_backward(const KernelArgs& args) {
  RecurrentCell::Kind kind = find_recurrent_cell(args.attrs_as<RecurrenceAttrs>().cell)->kind;
  visit_float(args.outputs[0].dtype,
              [&]<class T>() { visit_cell(kind, [&]<class Cell>() { backward_of<T, Cell>(args); }); });
}

Prepared prepare(const KernelSignature& s) {
  bool forward = s.op == "recurrence";
  const Shape& weight =
      s.inputs[forward ? int{recurrence_input::kWeight} : int{recurrence_input::kGradWeight}].shape;
  RecurrenceShape shape(s.attrs.as<RecurrenceAttrs>(), s.outputs[0].shape, weight);
  return {nullptr, Scratch::bytes(shape)};
}

}  // namespace

void register_reference_recurrence(KernelTable& table) {
  table.add(reference_kernel("recurrence", run_forward, prepare));
  table.add(reference_kernel("recurrence_backward", run_backward, prepare));
}

}  // namespace miai::kernels
