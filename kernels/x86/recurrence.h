// Loops of recurrent cells over the units of some sequences at one step (recurrence.isa.cpp).
#pragma once
#include <cstdint>

#include "kernels/common/attrs/recurrence.h"

namespace miai::kernels {

/// Rows of floats; a stride of 0 reads the same row for each.
template <class T>
struct FloatRows {
  T* data = nullptr;
  int64_t stride = 0;
  T* row(int64_t i) const { return data + i * stride; }
};
using ReadRows = FloatRows<const float>;
using WriteRows = FloatRows<float>;

struct RecurrentForward {
  int64_t rows, hidden;
  ReadRows projection, recurrent;  // a row of each is gates * hidden
  const float* bias;
  ReadRows before[2];  // states h, c
  WriteRows out, saved;
};

struct RecurrentBackward {
  int64_t rows, hidden;
  ReadRows saved, before[2], out, dout;
  ReadRows grad_after[2];    // of the states
  WriteRows grad_before[2];  // as far as it does not go through the recurrent part
  WriteRows dprojection, drecurrent;
  WriteRows own;  // gru: its last gate's row of drecurrent
};

struct RecurrenceLoops {
  void (*forward[4])(const RecurrentForward&);  // by RecurrentCell::Kind
  void (*backward[4])(const RecurrentBackward&);
};

namespace baseline {
extern const RecurrenceLoops recurrence_loops;
}
namespace avx2 {
extern const RecurrenceLoops recurrence_loops;
}
namespace avx512 {
extern const RecurrenceLoops recurrence_loops;
}

}  // namespace miai::kernels
