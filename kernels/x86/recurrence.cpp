// recurrence and its gradient for float32. Each thread takes some sequences of the batch through all steps:
// the packed weight times their states, then the cell's units. The number of threads changes no bit.
#include "kernels/x86/recurrence.h"

#include <algorithm>
#include <optional>

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/recurrence_shape.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/packed_matrix.h"

namespace miai::kernels {
namespace {

constexpr int64_t kThreadWork = 256 * 1024;  // products that are worth a thread
constexpr int64_t kFewSequences = 2;         // for which the weight is not packed

const RecurrenceLoops& loops() {
  return choose_isa(baseline::recurrence_loops, avx2::recurrence_loops, avx512::recurrence_loops);
}

bool has(std::span<const TensorView> views, size_t i) { return i < views.size() && views[i].present; }

/// Weight and state sizes of one product a step: c[rows, n] (+)= a[rows, k] * b.
struct Product {
  const float* b;
  int64_t row, column, k, n;

  int64_t padded_columns() const { return round_up(n, kPackedColumns); }
};

/// Floats of workspace, handed out in order; of none, to count them.
class Workspace {
 public:
  explicit Workspace(void* memory) : at_(static_cast<float*>(memory)) {}
  float* take(int64_t floats) {
    float* begin = at_ ? at_ + used_ : nullptr;
    used_ += round_up(floats, 16);
    return begin;
  }
  size_t bytes() const { return static_cast<size_t>(used_) * sizeof(float); }

 private:
  float* at_;
  int64_t used_ = 0;
};

/// A product with the recurrent weight, packed if there are sequences enough.
class Step {
 public:
  Step(const Product& product, int64_t batch, Workspace& memory)
      : product_(product),
        packs_(batch > kFewSequences),
        packed_(memory.take(packs_ ? PackedMatrix::size(product.k, product.n) : 0)),
        scratch_(memory.take(packs_ ? PackedMatrix::row_size(batch, product.k) : 0)) {}

  void pack() {
    if (packs_) matrix_.emplace(product_.b, product_.row, product_.column, product_.k, product_.n, packed_);
  }
  /// For the sequences from `first` on; the columns of c are padded.
  void multiply(int64_t first, int64_t rows, ReadRows a, float* c, bool accumulate) const {
    if (packs_)
      return matrix_->multiply(a.data, a.stride, rows, c, accumulate,
                               scratch_ + first * std::min(product_.k, kPackedDepth));
    gemm_loops<float>().small({rows, product_.n, product_.k, a.data, a.stride, 1, product_.b, product_.row,
                               product_.column, c, product_.padded_columns(), accumulate});
  }
  int64_t row() const { return product_.padded_columns(); }

 private:
  Product product_;
  bool packs_;
  float *packed_, *scratch_;
  std::optional<PackedMatrix> matrix_;
};

/// Calls body(first, rows) for stretches of the batch.
template <class F>
void for_sequences(const RecurrenceShape& s, F&& body) {
  int64_t work = s.steps * kPackedRows * s.hidden * s.gate_values() + 1;
  parallel_for(0, round_up(s.batch, kPackedRows) / kPackedRows, kThreadWork / work + 1,
               [&](int64_t begin, int64_t end) {
                 int64_t first = begin * kPackedRows;
                 body(first, std::min(end * kPackedRows, s.batch) - first);
               });
}

/// Rows of a tensor at a time, from sequence `first` on; `zeros` for one that was not given.
class Tensor {
 public:
  Tensor(const RecurrenceShape& shape, std::span<const TensorView> views, size_t i, const float* zeros)
      : data_(has(views, i) ? views[i].as<float>() : nullptr), zeros_(zeros) {
    if (!data_) return;
    RecurrenceRows rows(shape, views[i]);
    time_ = rows.time, batch_ = rows.batch, feature_ = rows.feature;
  }
  ReadRows read(int64_t time, int64_t first) const {
    return data_ ? ReadRows{data_ + time * time_ + first * batch_, batch_} : ReadRows{zeros_, 0};
  }
  WriteRows write(int64_t time, int64_t first) const {
    return {data_ + time * time_ + first * batch_, batch_};
  }
  bool given() const { return data_; }
  int64_t feature() const { return feature_; }

 private:
  float* data_;
  const float* zeros_;
  int64_t time_ = 0, batch_ = 0, feature_ = 1;
};

ReadRows after(ReadRows rows, int64_t floats) { return {rows.data + floats, rows.stride}; }

void copy_rows(ReadRows from, WriteRows to, int64_t rows, int64_t n) {
  for (int64_t i = 0; i < rows; ++i) std::copy_n(from.row(i), n, to.row(i));
}

// ---- forward ----

using namespace recurrence_input;

struct ForwardMemory {
  Workspace memory;
  float* zeros;
  Step step;
  float* recurrent;

  ForwardMemory(const RecurrenceShape& s, const Product& product, void* workspace)
      : memory(workspace),
        zeros(memory.take(s.gate_values())),
        step(product, s.batch, memory),
        recurrent(memory.take(round_up(s.batch, kPackedRows) * step.row())) {}
};

template <class View>
Product forward_product(const RecurrenceShape& s, const View& weight, const float* data) {
  return {data, weight.strides[1], weight.strides[0], s.hidden, s.gate_values()};
}

RecurrenceShape forward_shape(const Attrs& attrs, const TensorMeta& projection, const TensorMeta& weight) {
  return {attrs.as<RecurrenceAttrs>(), projection.shape, weight.shape};
}

void run_forward(const KernelArgs& args) {
  const TensorView& weight = args.inputs[kWeight];
  RecurrenceShape s = forward_shape(args.attrs, args.inputs[kProjection], weight);
  ForwardMemory m(s, forward_product(s, weight, weight.as<float>()), args.workspace);
  std::fill_n(m.zeros, s.gate_values(), 0.0f);
  m.step.pack();
  Tensor projection(s, args.inputs, kProjection, m.zeros), h0(s, args.inputs, kFirstH, m.zeros);
  Tensor c0(s, args.inputs, kFirstC, m.zeros), out(s, args.outputs, 0, m.zeros),
      saved(s, args.outputs, 1, m.zeros);
  const float* bias = has(args.inputs, kBias) ? args.inputs[kBias].as<float>() : m.zeros;
  int64_t at_c = (s.cell.saved - 1) * s.hidden;  // of the cell state in what is saved
  auto forward = loops().forward[s.cell.kind];
  for_sequences(s, [&](int64_t first, int64_t rows) {
    for (int64_t i = 0; i < s.steps && !args.context.is_cancelled(); ++i) {
      int64_t now = s.time(i), previous = s.time(i - 1);
      ReadRows h = i ? out.read(previous, first) : h0.read(0, first), recurrent{m.zeros, 0}, c{m.zeros, 0};
      if (s.cell.states > 1) c = i ? after(saved.read(previous, first), at_c) : c0.read(0, first);
      if (i || h0.given()) {
        float* to = m.recurrent + first * m.step.row();
        m.step.multiply(first, rows, h, to, false);
        recurrent = {to, m.step.row()};
      }
      forward({rows,
               s.hidden,
               projection.read(now, first),
               recurrent,
               bias,
               {h, c},
               out.write(now, first),
               saved.write(now, first)});
    }
    int64_t last = s.time(s.steps - 1);
    auto state = [&](int k) {
      return Tensor(s, args.outputs, static_cast<size_t>(2 + k), m.zeros).write(0, first);
    };
    copy_rows(out.read(last, first), state(0), rows, s.hidden);
    if (s.cell.states > 1) copy_rows(after(saved.read(last, first), at_c), state(1), rows, s.hidden);
  });
}

// ---- backward ----

struct BackwardMemory {
  Workspace memory;
  float* zeros;
  Step step;
  float *gates, *dout;  // a row a sequence
  float* states[2][2];  // gradients of h and c, of this step and of the next one; padded as the products are
  int64_t padded_batch;

  BackwardMemory(const RecurrenceShape& s, const Product& product, void* workspace)
      : memory(workspace), zeros(memory.take(s.gate_values())), step(product, s.batch, memory) {
    padded_batch = round_up(s.batch, kPackedRows);
    gates = memory.take(padded_batch * s.gate_values());
    dout = memory.take(padded_batch * s.hidden);
    for (auto& pair : states)
      for (float*& state : pair) state = memory.take(padded_batch * step.row());
  }
};

template <class View>
Product backward_product(const RecurrenceShape& s, const View& weight, const float* data) {
  return {data, weight.strides[0], weight.strides[1], s.gate_values(), s.hidden};
}

/// The rows of `tensor`, gathered into `to` if their elements have gaps.
ReadRows without_gaps(const Tensor& tensor, int64_t time, int64_t first, int64_t rows, int64_t n, float* to) {
  ReadRows from = tensor.read(time, first);
  if (tensor.feature() == 1) return from;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < n; ++j) to[i * n + j] = from.row(i)[j * tensor.feature()];
  return {to, n};
}

void run_backward(const KernelArgs& args) {
  const TensorView& weight = args.inputs[kGradWeight];
  RecurrenceShape s = forward_shape(args.attrs, args.inputs[kOut], weight);
  BackwardMemory m(s, backward_product(s, weight, weight.as<float>()), args.workspace);
  std::fill_n(m.zeros, s.gate_values(), 0.0f);
  m.step.pack();
  auto input = [&](size_t i) { return Tensor(s, args.inputs, i, m.zeros); };
  auto output = [&](size_t i) { return Tensor(s, args.outputs, i, m.zeros); };
  Tensor dout = input(kGradOut), out = input(kOut), saved = input(kSaved);
  Tensor first_state[] = {input(kGradFirstH), input(kGradFirstC)};
  Tensor last_grad[] = {input(kGradLastH), input(kGradLastC)};
  Tensor dprojection = output(0), own = output(2);
  bool is_gru = s.cell.kind == RecurrentCell::kGru;
  int64_t at_c = (s.cell.saved - 1) * s.hidden, row = m.step.row();
  auto backward = loops().backward[s.cell.kind];
  for_sequences(s, [&](int64_t first, int64_t rows) {
    auto states = [&](int64_t step, int k) { return m.states[step % 2][k] + first * row; };
    for (int64_t i = s.steps - 1; i >= 0 && !args.context.is_cancelled(); --i) {
      int64_t now = s.time(i), previous = s.time(i - 1);
      RecurrentBackward b{rows, s.hidden, saved.read(now, first), {}, out.read(now, first), {}, {}, {}, {},
                          {},   {}};
      b.before[0] = i ? out.read(previous, first) : first_state[0].read(0, first);
      b.before[1] =
          i && s.cell.states > 1 ? after(saved.read(previous, first), at_c) : first_state[1].read(0, first);
      b.dout = without_gaps(dout, now, first, rows, s.hidden, m.dout + first * s.hidden);
      for (int k = 0; k < 2; ++k) {
        b.grad_after[k] = i + 1 < s.steps ? ReadRows{states(i + 1, k), row} : last_grad[k].read(0, first);
        b.grad_before[k] = {states(i, k), row};
      }
      b.dprojection = dprojection.write(now, first);
      b.drecurrent = {m.gates + first * s.gate_values(), s.gate_values()};
      if (is_gru) b.own = own.write(now, first);
      backward(b);
      m.step.multiply(first, rows, {b.drecurrent.data, b.drecurrent.stride}, states(i, 0), true);
    }
    for (int k = 0; k < s.cell.states; ++k)
      copy_rows({states(0, k), row}, output(static_cast<size_t>(1 + k)).write(0, first), rows, s.hidden);
  });
}

// ---- registration ----

Support supports(const KernelSignature& s, size_t any_strides, size_t weight) {
  if (Support can = supports_dtype(s.outputs[0].dtype); !can.ok) return can;
  auto has_gaps = [](const TensorMeta& meta) {
    return meta.present && meta.shape.back() > 1 && meta.strides.back() != 1;
  };
  for (size_t i = 0; i < s.inputs.size(); ++i)
    if (i != any_strides && i != weight && has_gaps(s.inputs[i]))
      return Support::no("an input whose rows have gaps");
  for (const TensorMeta& output : s.outputs)
    if (has_gaps(output)) return Support::no("an output whose rows have gaps");
  return Support::yes();
}
Support supports_forward(const KernelSignature& s) { return supports(s, kWeight, kWeight); }
Support supports_backward(const KernelSignature& s) { return supports(s, kGradOut, kGradWeight); }

Prepared prepare_forward(const KernelSignature& signature) {
  const TensorMeta& weight = signature.inputs[kWeight];
  RecurrenceShape s = forward_shape(signature.attrs, signature.inputs[kProjection], weight);
  return {nullptr, ForwardMemory(s, forward_product(s, weight, nullptr), nullptr).memory.bytes()};
}
Prepared prepare_backward(const KernelSignature& signature) {
  const TensorMeta& weight = signature.inputs[kGradWeight];
  RecurrenceShape s = forward_shape(signature.attrs, signature.inputs[kOut], weight);
  return {nullptr, BackwardMemory(s, backward_product(s, weight, nullptr), nullptr).memory.bytes()};
}

}  // namespace

void register_x86_recurrence(KernelTable& table) {
  table.add({.op = "recurrence",
             .name = "x86/recurrence",
             .supports = supports_forward,
             .prepare = prepare_forward,
             .run = run_forward,
             .preference = 10});
  table.add({.op = "recurrence_backward",
             .name = "x86/recurrence_backward",
             .supports = supports_backward,
             .prepare = prepare_backward,
             .run = run_backward,
             .preference = 10});
}

}  // namespace miai::kernels
