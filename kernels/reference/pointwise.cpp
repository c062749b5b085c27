// Runs pointwise programs one element at a time, every register a double or a 64-bit integer rounded to its
// dtype.
#include "kernels/reference/pointwise.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "kernels/common/attrs/pointwise.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

#include "kernels/common/pointwise/scalar.h"
// after it
#include "kernels/common/pointwise/functions.h"

using pointwise::Instruction;
using pointwise::Opcode;
using pointwise::Program;

/// One register: the bytes of an element of its dtype.
struct Element {
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

template <class T>
void run_function(const Instruction& in, Element& out, const Element& a, const Element& b) {
  bool found = scalar::visit_function<T>(in.opcode, [&]<class F>() {
    if constexpr (std::is_invocable_v<F, T, T>)
      out.set(F{}(a.get<T>(), b.get<T>()));
    else
      out.set(F{}(a.get<T>()));
  });
  if (!found)
    raise(ErrorKind::kRuntime, "pointwise: no instruction ", opcode_name(in.opcode), " for ", in.dtype);
}

void convert(const void* in, DType from, void* out, DType to) {
  visit_dtype(from, [&]<class From>() {
    visit_dtype(to, [&]<class To>() {
      From x;
      std::memcpy(&x, in, sizeof(From));
      To y = scalar::convert_element<To>(x);
      std::memcpy(out, &y, sizeof(To));
    });
  });
}

void run_instruction(const Program& program, const Instruction& in, std::span<Element> r, Element& out) {
  if (in.opcode == Opcode::kSelect) {
    out = r[in.a].get<bool>() ? r[in.b] : r[in.c];
    return;
  }
  const Element none;
  const Element &a = r[in.a], &b = in.b >= 0 ? r[in.b] : none;
  const DType operand = program.code[in.a].dtype;
  if (in.opcode == Opcode::kCast) return convert(a.bytes, operand, out.bytes, in.dtype);
  visit_dtype(operand, [&]<class T>() {
    if constexpr (std::is_arithmetic_v<T>) run_function<T>(in, out, a, b);
  });
}

void run_element(const Program& program, FunctionRef<const TensorView&(int)> input,
                 std::span<const TensorView> outputs, const pointwise::RunWalker& walker,
                 std::span<Element> r) {
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction& in = program.code[i];
    if (in.opcode == Opcode::kInput) {
      const TensorView& view = input(in.index);
      const char* at = view.as<const char>() + walker.offset(outputs.size() + in.index) *
                                                   static_cast<int64_t>(dtype_size(view.dtype));
      convert(at, view.dtype, r[i].bytes, in.dtype);
    } else if (in.opcode == Opcode::kConstant) {
      if (is_float(in.dtype))
        convert(&in.value, DType::kFloat64, r[i].bytes, in.dtype);
      else
        convert(&in.integer, DType::kInt64, r[i].bytes, in.dtype);
    } else {
      run_instruction(program, in, r, r[i]);
    }
  }
  for (size_t k = 0; k < outputs.size(); ++k) {
    const TensorView& view = outputs[k];
    char* at = view.as<char>() + walker.offset(k) * static_cast<int64_t>(dtype_size(view.dtype));
    convert(r[program.outputs[k]].bytes, program.code[program.outputs[k]].dtype, at, view.dtype);
  }
}

struct State {
  pointwise::Loop loop;
};

Prepared prepare(const KernelSignature& s) {
  return {std::make_shared<const State>(State{pointwise::make_loop(s.outputs, s.inputs)}),
          program_workspace(s.attrs.as<PointwiseAttrs>().program)};
}

void run(const KernelArgs& args) {
  auto input = [&](int i) -> const TensorView& { return args.inputs[static_cast<size_t>(i)]; };
  run_program(args.attrs_as<PointwiseAttrs>().program, args.state_as<State>().loop, input, args.outputs,
              args.workspace);
}

}  // namespace

size_t program_workspace(const Program& program) { return program.code.size() * sizeof(Element); }

void run_program(const Program& program, const pointwise::Loop& loop,
                 FunctionRef<const TensorView&(int)> input, std::span<const TensorView> outputs,
                 void* workspace) {
  std::span<Element> registers(static_cast<Element*>(workspace), program.code.size());
  std::ranges::fill(registers, Element{});
  for (int64_t i = 0; i < loop.size; ++i) {
    pointwise::RunWalker walker(loop, i);
    walker.take(1);
    run_element(program, input, outputs, walker, registers);
  }
}

void register_reference_pointwise(KernelTable& table) {
  table.add(infallible_kernel("pointwise", run, prepare));
}

}  // namespace miai::kernels
