// Runs pointwise programs one element at a time, every register a double or a 64-bit integer rounded to its
// dtype.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/common/attrs/pointwise.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/pointwise/loop.h"

namespace miai::kernels {
namespace {

#include "kernels/common/pointwise/scalar.h"

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
void run_common(const Instruction& in, Element& o, const Element& a, const Element& b) {
  using namespace scalar;  // NOLINT
  T x = a.get<T>(), y = b.get<T>();
  switch (in.opcode) {
    case Opcode::kAdd:
      return o.set(Add{}(x, y));
    case Opcode::kMul:
      return o.set(Mul{}(x, y));
    case Opcode::kFloorDiv:
      return o.set(FloorDiv{}(x, y));
    case Opcode::kMod:
      return o.set(Mod{}(x, y));
    case Opcode::kPow:
      return o.set(Pow{}(x, y));
    case Opcode::kMax:
      return o.set(Max{}(x, y));
    case Opcode::kMin:
      return o.set(Min{}(x, y));
    case Opcode::kAbs:
      return o.set(Abs{}(x));
    case Opcode::kSign:
      return o.set(Sign{}(x));
    case Opcode::kSquare:
      return o.set(Square{}(x));
    case Opcode::kIsNan:
      return o.set(IsNan{}(x));
    case Opcode::kIsInf:
      return o.set(IsInf{}(x));
    case Opcode::kEqual:
      return o.set(Equal{}(x, y));
    case Opcode::kNotEqual:
      return o.set(NotEqual{}(x, y));
    case Opcode::kLess:
      return o.set(Less{}(x, y));
    case Opcode::kLessEqual:
      return o.set(LessEqual{}(x, y));
    case Opcode::kGreater:
      return o.set(Greater{}(x, y));
    case Opcode::kGreaterEqual:
      return o.set(GreaterEqual{}(x, y));
    case Opcode::kLogicalAnd:
      return o.set(LogicalAnd{}(x, y));
    case Opcode::kLogicalOr:
      return o.set(LogicalOr{}(x, y));
    case Opcode::kLogicalXor:
      return o.set(LogicalXor{}(x, y));
    case Opcode::kLogicalNot:
      return o.set(LogicalNot{}(x));
    default:
      raise(ErrorKind::kRuntime, "pointwise: no instruction ", opcode_name(in.opcode), " for ", in.dtype);
  }
}

template <class T>
void run_integer(const Instruction& in, Element& o, const Element& a, const Element& b) {
  using namespace scalar;  // NOLINT
  T x = a.get<T>(), y = b.get<T>();
  switch (in.opcode) {
    case Opcode::kBitAnd:
      return o.set(BitAnd{}(x, y));
    case Opcode::kBitOr:
      return o.set(BitOr{}(x, y));
    case Opcode::kBitXor:
      return o.set(BitXor{}(x, y));
    case Opcode::kBitNot:
      return o.set(BitNot{}(x));
    default:
      break;
  }
  if constexpr (!std::is_same_v<T, bool>) {
    switch (in.opcode) {
      case Opcode::kSub:
        return o.set(Sub{}(x, y));
      case Opcode::kDiv:
        return o.set(Div{}(x, y));
      case Opcode::kNeg:
        return o.set(Neg{}(x));
      case Opcode::kReciprocal:
        return o.set(Reciprocal{}(x));
      case Opcode::kShiftLeft:
        return o.set(ShiftLeft{}(x, y));
      case Opcode::kShiftRight:
        return o.set(ShiftRight{}(x, y));
      default:
        break;
    }
  }
  run_common<T>(in, o, a, b);
}

template <class T>
void run_float(const Instruction& in, Element& o, const Element& a, const Element& b) {
  using namespace scalar;  // NOLINT
  T x = a.get<T>(), y = b.get<T>();
  switch (in.opcode) {
    case Opcode::kSub:
      return o.set(Sub{}(x, y));
    case Opcode::kDiv:
      return o.set(Div{}(x, y));
    case Opcode::kNeg:
      return o.set(Neg{}(x));
    case Opcode::kReciprocal:
      return o.set(Reciprocal{}(x));
    case Opcode::kAtan2:
      return o.set(Atan2{}(x, y));
    case Opcode::kSqrt:
      return o.set(Sqrt{}(x));
    case Opcode::kRsqrt:
      return o.set(Rsqrt{}(x));
    case Opcode::kExp:
      return o.set(Exp{}(x));
    case Opcode::kExpm1:
      return o.set(Expm1{}(x));
    case Opcode::kLog:
      return o.set(Log{}(x));
    case Opcode::kLog1p:
      return o.set(Log1p{}(x));
    case Opcode::kSin:
      return o.set(Sin{}(x));
    case Opcode::kCos:
      return o.set(Cos{}(x));
    case Opcode::kTan:
      return o.set(Tan{}(x));
    case Opcode::kAsin:
      return o.set(Asin{}(x));
    case Opcode::kAcos:
      return o.set(Acos{}(x));
    case Opcode::kAtan:
      return o.set(Atan{}(x));
    case Opcode::kSinh:
      return o.set(Sinh{}(x));
    case Opcode::kCosh:
      return o.set(Cosh{}(x));
    case Opcode::kTanh:
      return o.set(Tanh{}(x));
    case Opcode::kErf:
      return o.set(Erf{}(x));
    case Opcode::kFloor:
      return o.set(Floor{}(x));
    case Opcode::kCeil:
      return o.set(Ceil{}(x));
    case Opcode::kRound:
      return o.set(Round{}(x));
    case Opcode::kTrunc:
      return o.set(Trunc{}(x));
    default:
      return run_common<T>(in, o, a, b);
  }
}

template <class From, class To>
To converted(From x) {
  constexpr bool half_in = std::is_same_v<From, Float16> || std::is_same_v<From, BFloat16>;
  constexpr bool half_out = std::is_same_v<To, Float16> || std::is_same_v<To, BFloat16>;
  if constexpr (half_in && half_out)
    return To(static_cast<float>(x));
  else if constexpr (half_in)
    return scalar::convert<To>(static_cast<float>(x));
  else if constexpr (half_out)
    return To(static_cast<float>(x));
  else
    return scalar::convert<To>(x);
}

void convert(const void* in, DType from, void* out, DType to) {
  visit_dtype(from, [&]<class From>() {
    visit_dtype(to, [&]<class To>() {
      From x;
      std::memcpy(&x, in, sizeof(From));
      To y = converted<From, To>(x);
      std::memcpy(out, &y, sizeof(To));
    });
  });
}

void run_instruction(const Program& program, const Instruction& in, std::vector<Element>& r, Element& out) {
  if (in.opcode == Opcode::kSelect) {
    out = r[in.a].get<bool>() ? r[in.b] : r[in.c];
    return;
  }
  const Element none;
  const Element &a = r[in.a], &b = in.b >= 0 ? r[in.b] : none;
  const DType operand = program.code[in.a].dtype;
  if (in.opcode == Opcode::kCast) return convert(a.bytes, operand, out.bytes, in.dtype);
  visit_dtype(operand, [&]<class T>() {
    if constexpr (std::is_integral_v<T>)
      run_integer<T>(in, out, a, b);
    else if constexpr (std::is_floating_point_v<T>)
      run_float<T>(in, out, a, b);
  });
}

void run_element(const Program& program, const KernelArgs& args, const pointwise::RunWalker& walker,
                 std::vector<Element>& r) {
  const size_t outputs = args.outputs.size();
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction& in = program.code[i];
    if (in.opcode == Opcode::kInput) {
      const TensorView& view = args.inputs[in.index];
      const char* at = view.as<const char>() +
                       walker.offset(outputs + in.index) * static_cast<int64_t>(dtype_size(view.dtype));
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
  for (size_t k = 0; k < outputs; ++k) {
    const TensorView& view = args.outputs[k];
    char* at = view.as<char>() + walker.offset(k) * static_cast<int64_t>(dtype_size(view.dtype));
    convert(r[program.outputs[k]].bytes, program.code[program.outputs[k]].dtype, at, view.dtype);
  }
}

struct State {
  pointwise::Loop loop;
};

Prepared prepare(const KernelSignature& s) {
  return {std::make_shared<const State>(State{pointwise::make_loop(s.outputs, s.inputs)}), 0};
}

void run(const KernelArgs& args) {
  const pointwise::Loop& loop = args.state_as<State>().loop;
  const Program& program = args.attrs_as<PointwiseAttrs>().program;
  std::vector<Element> registers(program.code.size());
  for (int64_t i = 0; i < loop.size; ++i) {
    pointwise::RunWalker walker(loop, i);
    walker.take(1);
    run_element(program, args, walker, registers);
  }
}

}  // namespace

void register_reference_pointwise(KernelTable& table) {
  Kernel kernel;
  kernel.op = "pointwise";
  kernel.name = "reference/pointwise";
  kernel.prepare = prepare;
  kernel.run = run;
  kernel.preference = -100;
  kernel.cannot_fail = true;
  table.add(std::move(kernel));
}

}  // namespace miai::kernels
