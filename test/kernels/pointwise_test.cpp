#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "kernels/common/attrs/pointwise.h"
#include "kernels/common/pointwise/builder.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

using pointwise::Builder;
using pointwise::Expr;
using pointwise::Opcode;
using pointwise::Program;

Call pointwise_call(const Program& program, std::vector<Tensor> inputs, DType output, const Shape& shape) {
  return {"pointwise", make_attrs(PointwiseAttrs{program}), std::move(inputs), {dense_meta(output, shape)}};
}

Program unary_program(Opcode opcode, DType dtype, DType output) {
  DType inputs[] = {dtype};
  Builder b(inputs, output);
  return b.finish(b.apply(opcode, b.input(0)));
}

/// A random expression whose values stay small.
Program random_program(const std::vector<DType>& inputs, DType output, std::mt19937& rng) {
  Builder b(inputs, output);
  std::vector<Expr> known;
  for (size_t i = 0; i < inputs.size(); ++i) known.push_back(b.input(static_cast<int>(i)));
  Expr condition = known[rng() % known.size()] < 0.25;
  known.push_back(b.constant(0.5));
  bool has_fractions = is_float(b.compute_dtype());
  for (int i = 0; i < 8; ++i) {
    Expr x = known[rng() % known.size()], y = known[rng() % known.size()];
    switch (rng() % (has_fractions ? 8 : 6)) {
      case 0:
        known.push_back(x + y);
        break;
      case 1:
        known.push_back(x - y);
        break;
      case 2:
        known.push_back(has_fractions ? x * y * 0.5 : x * y);
        break;
      case 3:
        known.push_back(max(x, y));
        break;
      case 4:
        known.push_back(min(x, abs(y)));
        break;
      case 5:
        known.push_back(select(condition, x, y));
        break;
      case 6:
        known.push_back(tanh(x));
        break;
      default:
        known.push_back(exp(min(x, 1)));
    }
  }
  return b.finish(known.back());
}

TEST(PointwiseBuilder, EqualSubexpressionsShareARegister) {
  DType inputs[] = {DType::kFloat32};
  Builder b(inputs, DType::kFloat32);
  Expr x = b.input(0);
  Program program = b.finish(exp(x) + exp(x));
  EXPECT_EQ(program.code.size(), 3u);
}

TEST(PointwiseBuilder, HalvesComputeInFloat32AndIntegersInTheOutputsFloat) {
  DType half[] = {DType::kFloat16};
  EXPECT_EQ(Builder(half, DType::kFloat16).compute_dtype(), DType::kFloat32);
  DType mixed[] = {DType::kInt64, DType::kBFloat16};
  EXPECT_EQ(Builder(mixed, DType::kBFloat16).compute_dtype(), DType::kFloat32);
  DType integer[] = {DType::kInt32};
  EXPECT_EQ(Builder(integer, DType::kFloat32).compute_dtype(), DType::kFloat32);
  EXPECT_EQ(Builder(integer, DType::kBool).compute_dtype(), DType::kInt32);
}

TEST(PointwiseProgram, TextReadsBack) {
  std::mt19937 rng(1);
  for (int i = 0; i < 50; ++i) {
    Program program = random_program({DType::kFloat32, DType::kInt64}, DType::kFloat64, rng);
    std::string text = program_to_text(program);
    EXPECT_EQ(program_from_text(text), program) << text;
  }
  for (const char* bad : {"x", "in:float32#0;add:float32,0,1>2|1", "in:float9#0>0|1", "in:float32#0>5|1"})
    EXPECT_THROW(program_from_text(bad), Error) << bad;
}

TEST(Pointwise, RandomProgramsAgreeWithTheReference) {
  std::mt19937 rng(2);
  constexpr DType kDTypes[] = {DType::kFloat32,  DType::kFloat32, DType::kFloat64, DType::kFloat16,
                               DType::kBFloat16, DType::kInt32,   DType::kInt64,   DType::kUInt8};
  auto size = [&](int most) { return static_cast<int64_t>(rng() % most) + 1; };
  int compared = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<DType> dtypes;
    for (int64_t k = size(3); k > 0; --k) dtypes.push_back(kDTypes[rng() % std::size(kDTypes)]);
    DType output = dtypes[0];
    for (DType d : dtypes) output = promote(output, d);
    Shape shape = i % 5 == 0 ? Shape{1} : i % 5 == 1 ? Shape{size(2000)} : Shape{size(6), size(40), size(30)};
    std::vector<Tensor> inputs;
    for (DType dtype : dtypes) {
      Shape own = shape;
      if (rng() % 3 == 0) own[static_cast<int>(rng() % own.size())] = 1;
      std::vector<int> order =
          rng() % 3 == 0 && own.size() == 3 ? std::vector<int>{2, 0, 1} : std::vector<int>{};
      inputs.push_back(Tensor::random(dtype, own, rng, order, rng() % 5 == 0 ? 2 : 1));
    }
    Program program = random_program(dtypes, output, rng);
    Call call = pointwise_call(program, inputs, output, shape);
    for_each_isa([&](const std::string& isa) {
      compared += check_kernels(call, 60, isa + " " + program_to_text(program));
    });
  }
  EXPECT_TRUE(KernelTable::global().find(DeviceKind::kCpu, "pointwise").size() == 1 || compared >= 250);
}

TEST(Pointwise, RegistersOf16BitsRound) {
  std::mt19937 rng(12);
  for (DType half : {DType::kFloat16, DType::kBFloat16})
    for (DType output : {half, DType::kFloat32})
      for (const Shape& shape : {Shape{1}, Shape{5, 1000}}) {
        const std::string name(dtype_name(half));
        const Program program =
            program_from_text("in:float32#0;cast:" + name + ",0;cast:float32,1;add:float32,0,2>3|1");
        const Call call =
            pointwise_call(program, {Tensor::random(DType::kFloat32, shape, rng)}, output, shape);
        for_each_isa([&](const std::string& isa) { EXPECT_EQ(check_kernels(call, 0, isa + ' ' + name), 1); });
      }
}

TEST(Pointwise, OutputMayBeAnInput) {
  std::mt19937 rng(3);
  for (int64_t n : {1, 7, 512, 5000, 40000}) {
    std::vector<DType> dtypes{DType::kFloat32, DType::kFloat32};
    Program program = random_program(dtypes, DType::kFloat32, rng);
    std::vector<Tensor> inputs{Tensor::random(DType::kFloat32, {n}, rng),
                               Tensor::random(DType::kFloat32, {n}, rng)};
    Call call = pointwise_call(program, inputs, DType::kFloat32, {n});
    for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, "pointwise")) {
      Tensor expected = PreparedKernel(*kernel, call).run()[0];
      for (size_t over : {0, 1}) {
        std::vector<TensorMeta> in{inputs[0].view(), inputs[1].view()};
        Prepared prepared =
            kernel->prepare ? kernel->prepare({"pointwise", in, call.outputs, call.attrs}) : Prepared{};
        Tensor copies[] = {Tensor::zeros(DType::kFloat32, {n}), Tensor::zeros(DType::kFloat32, {n})};
        for (int k : {0, 1})
          std::memcpy(copies[k].view().data, inputs[k].view().data, static_cast<size_t>(n) * sizeof(float));
        std::vector<TensorView> views{copies[0].view(), copies[1].view()}, results{views[over]};
        Tensor workspace = Tensor::zeros(DType::kInt8, {static_cast<int64_t>(prepared.workspace_bytes)});
        KernelContext context;
        kernel->run({call.attrs, prepared.state.get(), views, results, workspace.view().data, context});
        for (int64_t i = 0; i < n; ++i)
          ASSERT_EQ(copies[over].at(i), expected.at(i)) << kernel->name << " " << i;
      }
    }
  }
}

struct Function {
  Opcode opcode;
  double (*exact)(double);
  double low, high;
  double units;  // in the last place of float32
};
const Function kFunctions[] = {
    {Opcode::kExp, std::exp, -104, 89, 2},     {Opcode::kLog, std::log, 0, 100, 2},
    {Opcode::kTanh, std::tanh, -10, 10, 3},    {Opcode::kErf, std::erf, -5, 5, 3},
    {Opcode::kSqrt, std::sqrt, 0, 100, 0.51},  {Opcode::kSin, std::sin, -20, 20, 1},
    {Opcode::kExpm1, std::expm1, -5, 5, 2},    {Opcode::kLog1p, std::log1p, -0.9, 9, 2},
    {Opcode::kCos, std::cos, -20, 20, 1},      {Opcode::kSin, std::sin, -9e7, 9e7, 1},
    {Opcode::kCos, std::cos, -9e7, 9e7, 1},    {Opcode::kSin, std::sin, -3e8, 3e8, 1},
    {Opcode::kTan, std::tan, -20, 20, 1},      {Opcode::kTan, std::tan, -3e8, 3e8, 1},
    {Opcode::kExpm1, std::expm1, -110, 89, 2}, {Opcode::kLog1p, std::log1p, -1, 3e38, 2},
};

/// Distance in units of the last place of float32 at `exact`.
double units_between(double got, double exact) {
  if (std::isnan(exact)) return std::isnan(got) ? 0 : HUGE_VAL;
  auto nearest = static_cast<float>(exact);
  if (std::isinf(nearest) || nearest == 0) return got == nearest ? 0 : HUGE_VAL;
  double unit = std::ldexp(1.0, std::max(std::ilogb(nearest), -126) - 23);
  return std::abs(got - exact) / unit;
}

void check_function(const Function& f, const std::vector<float>& values, const std::string& what) {
  auto n = static_cast<int64_t>(values.size());
  Tensor input = Tensor::zeros(DType::kFloat32, {n});
  std::copy(values.begin(), values.end(), input.view().as<float>());
  Call call = pointwise_call(unary_program(f.opcode, DType::kFloat32, DType::kFloat32), {input},
                             DType::kFloat32, {n});
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, "pointwise")) {
    Tensor got = PreparedKernel(*kernel, call).run()[0];
    for (int64_t i = 0; i < n; ++i) {
      double exact = f.exact(values[static_cast<size_t>(i)]);
      ASSERT_LE(units_between(got.at(i), exact), f.units)
          << kernel->name << " " << what << " " << opcode_name(f.opcode) << "("
          << values[static_cast<size_t>(i)] << "): expected " << exact << ", got " << got.at(i);
    }
  }
}

TEST(Pointwise, FunctionsOfFloat32AreAccurate) {
  std::mt19937 rng(4);
  for (const Function& f : kFunctions) {
    std::uniform_real_distribution<double> wide(f.low, f.high), small(-20, 0);
    std::vector<float> values;
    for (int i = 0; i < 20000; ++i) values.push_back(static_cast<float>(wide(rng)));
    for (int i = 0; i < 5000; ++i) {
      double magnitude = std::pow(10, small(rng));
      values.push_back(static_cast<float>(f.low < 0 && i % 2 ? -magnitude : magnitude));
    }
    for_each_isa([&](const std::string& isa) { check_function(f, values, isa); });
  }
}

TEST(Pointwise, SpecialValues) {
  using Limits = std::numeric_limits<float>;
  std::vector<float> values{0.0f,
                            -0.0f,
                            1,
                            -1,
                            Limits::infinity(),
                            -Limits::infinity(),
                            Limits::quiet_NaN(),
                            Limits::max(),
                            Limits::lowest(),
                            Limits::min(),
                            Limits::denorm_min(),
                            -Limits::denorm_min(),
                            1e-40f,
                            -1e-40f,
                            88.9f,
                            -88.9f,
                            -103.9f};
  for (int copies = 0; copies < 2; ++copies) values.insert(values.end(), values.begin(), values.end());
  for (const Function& f : kFunctions)
    for_each_isa([&](const std::string& isa) { check_function(f, values, isa); });
}

/// x and y by each kernel, on the instruction set at hand.
template <class F>
void for_each_result(Opcode opcode, const std::vector<float>& x, const std::vector<float>& y, F&& check) {
  DType dtypes[] = {DType::kFloat32, DType::kFloat32};
  Builder b(dtypes, DType::kFloat32);
  const bool is_binary = opcode == Opcode::kPow || opcode == Opcode::kMod || opcode == Opcode::kFloorDiv;
  Program program =
      b.finish(is_binary ? b.apply(opcode, b.input(0), b.input(1)) : b.apply(opcode, b.input(0)));
  auto n = static_cast<int64_t>(x.size());
  Tensor first = Tensor::zeros(DType::kFloat32, {n}), second = Tensor::zeros(DType::kFloat32, {n});
  std::copy(x.begin(), x.end(), first.view().as<float>());
  std::copy(y.begin(), y.end(), second.view().as<float>());
  Call call = pointwise_call(program, {first, second}, DType::kFloat32, {n});
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, "pointwise"))
    check(kernel->name, PreparedKernel(*kernel, call).run()[0]);
}

TEST(Pointwise, PowersOfFloat32AreThoseOfC) {
  using Limits = std::numeric_limits<float>;
  const std::vector<float> bases{0,
                                 -0.0f,
                                 1,
                                 -1,
                                 2,
                                 -2,
                                 0.5f,
                                 -0.5f,
                                 3,
                                 -3,
                                 1.0000001f,
                                 1e-40f,
                                 -10,
                                 1e20f,
                                 -1e20f,
                                 0.99f,
                                 16777216,
                                 7.5f,
                                 -7.5f,
                                 Limits::infinity(),
                                 -Limits::infinity(),
                                 Limits::quiet_NaN(),
                                 Limits::max(),
                                 Limits::denorm_min()};
  std::vector<float> exponents = bases;
  for (float y : {0.25f, 1.5f, -2.0f, 4.0f, -3.0f, 5.0f, 33.0f, 16777217.0f, 1e9f, -1.5f, 0.1f})
    exponents.push_back(y);
  std::vector<float> x, y;
  for (float base : bases)
    for (float exponent : exponents) x.push_back(base), y.push_back(exponent);
  std::mt19937 rng(5);
  std::uniform_real_distribution<float> some(-3, 3), wide(-30, 30);
  for (int i = 0; i < 20000; ++i) x.push_back(std::exp(some(rng) * 3)), y.push_back(wide(rng));
  for_each_isa([&](const std::string& isa) {
    for_each_result(Opcode::kPow, x, y, [&](const std::string& kernel, const Tensor& got) {
      for (size_t i = 0; i < x.size(); ++i) {
        double exact = std::pow(double{x[i]}, double{y[i]}), is = got.at(static_cast<int64_t>(i));
        ASSERT_LE(units_between(is, exact), 1) << kernel << " " << isa << " " << x[i] << " ^ " << y[i]
                                               << ": expected " << exact << ", got " << is;
        ASSERT_TRUE(exact != 0 || std::signbit(is) == std::signbit(exact))
            << kernel << " " << x[i] << " ^ " << y[i];
      }
    });
  });
}

TEST(Pointwise, OnePowerForAllGivesTheBitsOfEachAlone) {
  std::mt19937 rng(6);
  std::normal_distribution<float> some(0, 3);
  std::vector<float> x{0.0f, -0.0f, INFINITY, -INFINITY};
  while (x.size() < 500) x.push_back(some(rng));
  for (float exponent : {2.0f, 3.0f, 0.5f, -1.0f, 4.0f}) {
    std::vector<float> same(x.size(), exponent), mixed = same;
    mixed.back() = 1.25f;
    for_each_isa([&](const std::string& isa) {
      std::map<std::string, std::vector<float>> alone;
      auto values = [&](const Tensor& y) {
        return std::vector<float>(y.view().as<float>(), y.view().as<float>() + x.size() - 1);
      };
      for_each_result(Opcode::kPow, x, mixed,
                      [&](const std::string& kernel, const Tensor& y) { alone[kernel] = values(y); });
      for_each_result(Opcode::kPow, x, same, [&](const std::string& kernel, const Tensor& y) {
        ASSERT_EQ(std::memcmp(values(y).data(), alone[kernel].data(), (x.size() - 1) * sizeof(float)), 0)
            << kernel << " " << isa << " " << exponent;
      });
    });
  }
}

TEST(Pointwise, NoElementDependsOnItsNeighbours) {
  std::mt19937 rng(8);
  std::normal_distribution<float> some(0, 100);
  std::vector<float> x(500), y(x.size());
  for (float& value : x) value = some(rng);
  for (float& value : y) value = some(rng);
  for (Opcode opcode : {Opcode::kSin, Opcode::kCos, Opcode::kTan, Opcode::kPow, Opcode::kMod,
                        Opcode::kFloorDiv, Opcode::kExpm1, Opcode::kLog1p})
    for_each_isa([&](const std::string& isa) {
      std::map<std::string, std::vector<float>> alone;
      auto values = [&](const Tensor& result) {
        return std::vector<float>(result.view().as<float>(), result.view().as<float>() + x.size() - 1);
      };
      std::vector<float> odd_x = x, odd_y = y;
      odd_x.back() = 1e30f, odd_y.back() = 0;
      for_each_result(opcode, x, y,
                      [&](const std::string& kernel, const Tensor& r) { alone[kernel] = values(r); });
      for_each_result(opcode, odd_x, odd_y, [&](const std::string& kernel, const Tensor& r) {
        ASSERT_EQ(std::memcmp(values(r).data(), alone[kernel].data(), (x.size() - 1) * sizeof(float)), 0)
            << kernel << " " << isa << " " << opcode_name(opcode);
      });
    });
}

TEST(Pointwise, RemaindersOfFloat32AreExact) {
  std::mt19937 rng(7);
  std::uniform_real_distribution<float> some(-20, 20), size(-6, 6);
  std::vector<float> x, y;
  for (int i = 0; i < 20000; ++i) {
    y.push_back(std::exp(size(rng)) * (i % 2 ? 1 : -1));
    x.push_back(i % 3 ? some(rng) : y.back() * std::round(some(rng)) * (i % 5 ? 1 : 1 + 0x1p-23f));
  }
  auto check = [&](const std::string& what) {
    for (Opcode opcode : {Opcode::kMod, Opcode::kFloorDiv})
      for_each_isa([&](const std::string& isa) {
        for_each_result(opcode, x, y, [&](const std::string& kernel, const Tensor& got) {
          for (size_t i = 0; i < x.size(); ++i) {
            double r = std::fmod(double{x[i]}, double{y[i]});
            bool adds = r != 0 && (r < 0) != (y[i] < 0);
            double exact = opcode == Opcode::kMod ? r + (adds ? y[i] : 0.0f) : (x[i] - r) / y[i] - adds;
            if (y[i] == 0) exact = opcode == Opcode::kMod ? NAN : double{x[i]} / y[i];
            ASSERT_LE(units_between(got.at(static_cast<int64_t>(i)), exact), 0.5)
                << kernel << " " << isa << " " << what << " " << x[i] << ", " << y[i];
          }
        });
      });
  };
  check("moderate");
  for (float a : {0.0f, 1.0f, -5.5f, 1e30f, INFINITY, -INFINITY, NAN})
    for (float b : {0.0f, -0.0f, 3.0f, -1e-20f, INFINITY, -INFINITY, NAN}) x.push_back(a), y.push_back(b);
  check("special");
}

TEST(Pointwise, NanWinsInMaxAndMin) {
  DType dtypes[] = {DType::kFloat32, DType::kFloat32};
  for (bool greatest : {false, true}) {
    Builder b(dtypes, DType::kFloat32);
    Expr x = b.input(0), y = b.input(1);
    Program program = b.finish(greatest ? max(x, y) : min(x, y));
    Tensor first = Tensor::zeros(DType::kFloat32, {40}), second = Tensor::zeros(DType::kFloat32, {40});
    first.view().as<float>()[3] = second.view().as<float>()[38] = NAN;
    Call call = pointwise_call(program, {first, second}, DType::kFloat32, {40});
    for_each_isa([&](const std::string& isa) {
      for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, "pointwise")) {
        Tensor got = PreparedKernel(*kernel, call).run()[0];
        for (int64_t i = 0; i < 40; ++i)
          EXPECT_EQ(std::isnan(got.at(i)), i == 3 || i == 38) << isa << kernel->name << i;
      }
    });
  }
}

TEST(Pointwise, IntegersFollowNumPy) {
  DType dtypes[] = {DType::kInt32, DType::kInt32};
  const int32_t lowest = std::numeric_limits<int32_t>::min();
  const int32_t x[] = {7, -7, 7, -7, 5, lowest, lowest, 0}, y[] = {2, 2, -2, -2, 0, -1, 0, 3};
  const int32_t down[] = {3, -4, -4, 3, 0, lowest, 0, 0}, rest[] = {1, 1, -1, -1, 0, 0, 0, 0};
  for (Opcode opcode : {Opcode::kFloorDiv, Opcode::kMod}) {
    Builder b(dtypes, DType::kInt32);
    Program program = b.finish(b.apply(opcode, b.input(0), b.input(1)));
    Tensor first = Tensor::zeros(DType::kInt32, {8}), second = Tensor::zeros(DType::kInt32, {8});
    std::copy(std::begin(x), std::end(x), first.view().as<int32_t>());
    std::copy(std::begin(y), std::end(y), second.view().as<int32_t>());
    Call call = pointwise_call(program, {first, second}, DType::kInt32, {8});
    for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, "pointwise")) {
      Tensor got = PreparedKernel(*kernel, call).run()[0];
      for (int64_t i = 0; i < 8; ++i)
        EXPECT_EQ(got.at(i), opcode == Opcode::kMod ? rest[i] : down[i])
            << kernel->name << " " << x[i] << " " << y[i];
    }
  }
}

}  // namespace
}  // namespace miai::test
