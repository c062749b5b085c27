// One unit of a recurrent cell at one step and its gradient, in PyTorch's form and order of gates. Kernels
// give the scalar type and its sigmoid and tanh (Math).
//   p, u: projection of the input and recurrent part, a value a gate; state: h (and c), before and then
//   after; saved: what backward reads. grad: of the states after, and then of the states before as far as
//   they reach them past the recurrent part; dp, du: of p and u.
#pragma once

namespace miai::kernels {

/// Cho et al., 2014, with the reset gate behind the product.
template <class T, class Math>
struct GruCell {
  static constexpr int kGates = 3, kStates = 1, kSaved = 4;
  static constexpr bool kOwnRecurrent = true;  // dp and du differ, in the last gate
  [[gnu::always_inline]] static void forward(const T* p, const T* u, T* state, T* saved) {
    T r = Math::sigmoid(p[0] + u[0]), z = Math::sigmoid(p[1] + u[1]), n = Math::tanh(p[2] + r * u[2]);
    state[0] = n + z * (state[0] - n);
    saved[0] = r, saved[1] = z, saved[2] = n, saved[3] = u[2];
  }
  [[gnu::always_inline]] static void backward(const T* saved, const T* before, const T*, T* grad, T* dp,
                                              T* du) {
    T r = saved[0], z = saved[1], n = saved[2], dh = grad[0];
    dp[2] = dh * (1 - z) * (1 - n * n);
    dp[1] = dh * (before[0] - n) * z * (1 - z);
    dp[0] = dp[2] * saved[3] * r * (1 - r);
    du[0] = dp[0], du[1] = dp[1], du[2] = dp[2] * r;
    grad[0] = dh * z;
  }
};

/// Hochreiter and Schmidhuber, 1997, with a forget gate.
template <class T, class Math>
struct LstmCell {
  static constexpr int kGates = 4, kStates = 2, kSaved = 5;
  static constexpr bool kOwnRecurrent = false;
  [[gnu::always_inline]] static void forward(const T* p, const T* u, T* state, T* saved) {
    T i = Math::sigmoid(p[0] + u[0]), f = Math::sigmoid(p[1] + u[1]);
    T g = Math::tanh(p[2] + u[2]), o = Math::sigmoid(p[3] + u[3]);
    T c = f * state[1] + i * g;
    state[0] = o * Math::tanh(c);
    state[1] = c;
    saved[0] = i, saved[1] = f, saved[2] = g, saved[3] = o, saved[4] = c;
  }
  [[gnu::always_inline]] static void backward(const T* saved, const T* before, const T*, T* grad, T* dp,
                                              T* du) {
    T i = saved[0], f = saved[1], g = saved[2], o = saved[3], t = Math::tanh(saved[4]);
    T dc = grad[1] + grad[0] * o * (1 - t * t);
    dp[0] = dc * g * i * (1 - i);
    dp[1] = dc * before[1] * f * (1 - f);
    dp[2] = dc * i * (1 - g * g);
    dp[3] = grad[0] * t * o * (1 - o);
    for (int k = 0; k < kGates; ++k) du[k] = dp[k];
    grad[0] = 0;
    grad[1] = dc * f;
  }
};

/// Elman, 1990.
template <class T, class Math, bool kRelu>
struct RnnCell {
  static constexpr int kGates = 1, kStates = 1, kSaved = 0;
  static constexpr bool kOwnRecurrent = false;
  [[gnu::always_inline]] static void forward(const T* p, const T* u, T* state, T*) {
    T sum = p[0] + u[0];
    state[0] = kRelu ? (sum < 0 ? T(0) : sum) : Math::tanh(sum);  // NaN stays
  }
  [[gnu::always_inline]] static void backward(const T*, const T*, const T* after, T* grad, T* dp, T* du) {
    dp[0] = kRelu ? (after[0] > 0 ? grad[0] : T(0)) : grad[0] * (1 - after[0] * after[0]);
    du[0] = dp[0];
    grad[0] = 0;
  }
};

}  // namespace miai::kernels
