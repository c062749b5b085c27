// The units of recurrent cells. Plain loops: the compiler vectorises them for the instruction set at hand.
#include "kernels/x86/recurrence.h"

#include <bit>
#include <cmath>

#include "kernels/common/recurrent_cells.h"
#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

#include "kernels/x86/float_math.h"

struct FastMath {
  MIAI_INLINE float sigmoid(float x) { return 1.0f / (1.0f + float_math::exp(-x)); }
  MIAI_INLINE float tanh(float x) { return float_math::tanh(x); }
};

/// Calls range(begin, end) such that full vectors cover [0, n): the last one may begin within the one before.
template <class F>
MIAI_INLINE void in_vectors(int64_t n, F&& range) {
  int64_t whole = n / kLanes<float> * kLanes<float>;
  if (whole) range(int64_t{0}, whole);
  if (whole == n) return;
  if (whole)
    range(n - kLanes<float>, n);
  else
    range(int64_t{0}, n);
}

template <class Cell>
void forward(const RecurrentForward& s) {
  const int64_t hidden = s.hidden;
  for (int64_t r = 0; r < s.rows; ++r) {
    const float *projection = s.projection.row(r), *recurrent = s.recurrent.row(r), *bias = s.bias;
    const float *h = s.before[0].row(r), *c = s.before[1].row(r);
    float *out = s.out.row(r), *saved = s.saved.row(r);
    in_vectors(hidden, [&](int64_t begin, int64_t end) __attribute__((always_inline)) {
#pragma GCC ivdep
      for (int64_t j = begin; j < end; ++j) {
        float p[Cell::kGates], u[Cell::kGates], state[2] = {h[j], 0}, keep[5];
        for (int g = 0; g < Cell::kGates; ++g) {
          p[g] = projection[g * hidden + j];
          u[g] = recurrent[g * hidden + j] + bias[g * hidden + j];
        }
        if constexpr (Cell::kStates > 1) state[1] = c[j];
        Cell::forward(p, u, state, keep);
        out[j] = state[0];
        for (int k = 0; k < Cell::kSaved; ++k) saved[k * hidden + j] = keep[k];
      }
    });
  }
}

template <class Cell>
void backward(const RecurrentBackward& s) {
  const int64_t hidden = s.hidden;
  for (int64_t r = 0; r < s.rows; ++r) {
    const float *saved = s.saved.row(r), *h = s.before[0].row(r), *c = s.before[1].row(r);
    const float *out = s.out.row(r), *dout = s.dout.row(r);
    const float *dh = s.grad_after[0].row(r), *dc = s.grad_after[1].row(r);
    float *dh_before = s.grad_before[0].row(r), *dc_before = s.grad_before[1].row(r);
    float *dprojection = s.dprojection.row(r), *drecurrent = s.drecurrent.row(r), *own = s.own.row(r);
    in_vectors(hidden, [&](int64_t begin, int64_t end) __attribute__((always_inline)) {
#pragma GCC ivdep
      for (int64_t j = begin; j < end; ++j) {
        float keep[5], before[2] = {h[j], 0}, grad[2] = {dh[j] + dout[j], 0};
        float dp[Cell::kGates], du[Cell::kGates], after[1] = {out[j]};
        for (int k = 0; k < Cell::kSaved; ++k) keep[k] = saved[k * hidden + j];
        if constexpr (Cell::kStates > 1) before[1] = c[j], grad[1] = dc[j];
        Cell::backward(keep, before, after, grad, dp, du);
        dh_before[j] = grad[0];
        if constexpr (Cell::kStates > 1) dc_before[j] = grad[1];
        for (int g = 0; g < Cell::kGates; ++g) {
          dprojection[g * hidden + j] = dp[g];
          drecurrent[g * hidden + j] = du[g];
        }
        if constexpr (Cell::kOwnRecurrent) own[j] = du[Cell::kGates - 1];
      }
    });
  }
}

using Gru = GruCell<float, FastMath>;
using Lstm = LstmCell<float, FastMath>;
using RnnTanh = RnnCell<float, FastMath, false>;
using RnnRelu = RnnCell<float, FastMath, true>;

}  // namespace

extern const RecurrenceLoops recurrence_loops;
const RecurrenceLoops recurrence_loops = {
    {forward<Gru>, forward<Lstm>, forward<RnnTanh>, forward<RnnRelu>},
    {backward<Gru>, backward<Lstm>, backward<RnnTanh>, backward<RnnRelu>}};

}  // namespace miai::kernels::MIAI_ISA
