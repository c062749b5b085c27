#include "kernels/reference/program_element.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/common/error.h"

namespace miai::kernels {
namespace {

#include "kernels/common/pointwise/scalar.h"
// after it
#include "kernels/common/half_bits.h"
#include "kernels/common/pointwise/functions.h"

using pointwise::Instruction;
using pointwise::Opcode;
using pointwise::Program;

}  // namespace

void convert_element(const void* in, DType from, void* out, DType to) {
  visit_dtype(from, [&]<class From>() {
    visit_dtype(to, [&]<class To>() {
      From x;
      std::memcpy(&x, in, sizeof(From));
      To y = scalar::convert_element<To>(x);
      std::memcpy(out, &y, sizeof(To));
    });
  });
}

namespace {

template <class T>
void run_function(const Instruction& in, RegisterBytes& out, const RegisterBytes& a, const RegisterBytes& b) {
  bool found = scalar::visit_function<T>(in.opcode, [&]<class F>() {
    if constexpr (std::is_invocable_v<F, T, T>)
      out.set(F{}(a.get<T>(), b.get<T>()));
    else
      out.set(F{}(a.get<T>()));
  });
  if (!found)
    raise(ErrorKind::kRuntime, "pointwise: no instruction ", opcode_name(in.opcode), " for ", in.dtype);
}

void run_instruction(const Program& program, const Instruction& in, std::span<RegisterBytes> r,
                     RegisterBytes& out) {
  if (in.opcode == Opcode::kSelect) {
    out = r[in.a].get<bool>() ? r[in.b] : r[in.c];
    return;
  }
  const RegisterBytes none;
  const RegisterBytes &a = r[in.a], &b = in.b >= 0 ? r[in.b] : none;
  const DType operand = program.code[in.a].dtype;
  if (in.opcode == Opcode::kCast) return convert_element(a.bytes, operand, out.bytes, in.dtype);
  visit_dtype(operand, [&]<class T>() {
    if constexpr (std::is_arithmetic_v<T>) run_function<T>(in, out, a, b);
  });
}

}  // namespace

void run_program(const Program& program, ProgramInputs inputs, size_t first_input,
                 const pointwise::RunWalker& walker, std::span<RegisterBytes> r) {
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction& in = program.code[i];
    if (in.opcode == Opcode::kInput) {
      const TensorView& view = inputs(in.index);
      const char* at = view.as<const char>() +
                       walker.offset(first_input + in.index) * static_cast<int64_t>(dtype_size(view.dtype));
      convert_element(at, view.dtype, r[i].bytes, in.dtype);
    } else if (in.opcode == Opcode::kConstant) {
      if (is_float(in.dtype))
        convert_element(&in.value, DType::kFloat64, r[i].bytes, in.dtype);
      else
        convert_element(&in.integer, DType::kInt64, r[i].bytes, in.dtype);
    } else {
      run_instruction(program, in, r, r[i]);
    }
  }
}

}  // namespace miai::kernels
