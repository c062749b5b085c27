// A pointwise program run for one element, every register rounded to its dtype.
#pragma once
#include <cstring>
#include <span>

#include "kernels/common/parallel.h"
#include "kernels/common/pointwise/loop.h"
#include "kernels/common/pointwise/program.h"

namespace miai::kernels {

/// One register: the bytes of an element of its dtype.
struct RegisterBytes {
  alignas(8) char bytes[8] = {};
  template <class T>
  T get() const {
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    return value;
  }
  template <class T>
  void set(T value) {
    std::memcpy(bytes, &value, sizeof(T));
  }
};

/// The inputs of a program by their index.
using ProgramInputs = FunctionRef<const TensorView&(int)>;

/// Runs the program for the element at which the walker stands; the inputs come from operand `first_input` of
/// its loop on.
void run_program(const pointwise::Program& program, ProgramInputs inputs, size_t first_input,
                 const pointwise::RunWalker& walker, std::span<RegisterBytes> registers);

/// An element in another dtype.
void convert_element(const void* in, DType from, void* out, DType to);

}  // namespace miai::kernels
