#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "graph/ir/dim_expr.h"
#include "graph/ir/tensor_type.h"

namespace miai {
namespace {

class DimTest : public testing::Test {
 protected:
  Dim n = make_symbol("n"), m = make_symbol("m");
  Dim parse(std::string_view text) {
    std::unordered_map<std::string, Dim> symbols{{"n", n}, {"m", m}};
    return parse_dim(text, symbols);
  }
  int64_t at(Dim dim, int64_t n_value, int64_t m_value) {
    return evaluate(dim, {{n.expression(), n_value}, {m.expression(), m_value}});
  }
};

TEST_F(DimTest, EqualExpressionsAreTheSameWord) {
  EXPECT_EQ(n + m, m + n);
  EXPECT_EQ((n + 1) * (n - 1), n * n - 1);
  EXPECT_EQ(n - n, Dim(0));
  EXPECT_EQ(n * 3 - n * 2, n);
  EXPECT_EQ((n + 2) * m - m * 2, m * n);
  EXPECT_NE(n, m);
  EXPECT_NE(make_symbol("n"), n);
}

TEST_F(DimTest, QuotientsAreReduced) {
  EXPECT_EQ(floor_div(n * 12, 4), n * 3);
  EXPECT_EQ(floor_div(n * 12 + 5, 4), n * 3 + 1);
  EXPECT_EQ(floor_div(n * m * 6, n * 2), m * 3);
  EXPECT_EQ(floor_div((n + 1) * m * 4, n + 1), m * 4);
  EXPECT_EQ(floor_div((n + 1) * (m + 2), m + 2), n + 1);
  EXPECT_EQ(floor_div(n * 6 + 3, 4), floor_div(n * 6 + 2, 4));
  EXPECT_EQ(floor_div(floor_div(n, 2), 3), floor_div(n, 6));
  EXPECT_EQ(floor_div(floor_div(n + 1, 2) + 1, 2), floor_div(n + 3, 4));
  EXPECT_EQ(floor_div(n, -1), Dim(0) - n);
  EXPECT_EQ(floor_div(n * 2, n * 4), floor_div(n, n * 2));
  EXPECT_EQ(floor_div(0, n), Dim(0));
  EXPECT_EQ(ceil_div(n * 2, 2), n);
  EXPECT_EQ(floor_div(-7, 2), Dim(-4));
}

TEST_F(DimTest, DivisionByZeroIsRefused) {
  EXPECT_THROW(floor_div(3, 0), Error);
  EXPECT_THROW(floor_div(n, 0), Error);
  EXPECT_THROW(at(floor_div(n, m - 5), 3, 5), Error);
}

TEST_F(DimTest, Maximum) {
  EXPECT_EQ(dim_max(n, n), n);
  EXPECT_EQ(dim_max(n, 1), n);
  EXPECT_EQ(dim_max(0, n - 2), n - 2);
  EXPECT_EQ(dim_max(n, m), dim_max(m, n));
  EXPECT_EQ(at(dim_max(n, m), 3, 7), 7);
  EXPECT_EQ(at(dim_max(n - 5, 0), 3, 7), 0);
}

TEST_F(DimTest, ComparisonsThatNeedNoValues) {
  EXPECT_EQ(equal(n, n), Truth::kYes);
  EXPECT_EQ(equal(n, 1), Truth::kNo);  // symbols are at least 2
  EXPECT_EQ(equal(n, 0), Truth::kNo);
  EXPECT_EQ(equal(n, n + 1), Truth::kNo);
  EXPECT_EQ(equal(n * 2, 7), Truth::kNo);
  EXPECT_EQ(equal(n * 2 + 4, m * 6 + 1), Truth::kNo);
  EXPECT_EQ(equal(n, 4), Truth::kUnknown);
  EXPECT_EQ(equal(n, m), Truth::kUnknown);
  EXPECT_EQ(equal(floor_div(n, 2), 0), Truth::kNo);
  EXPECT_EQ(equal(floor_div(n, 3), 0), Truth::kUnknown);
  EXPECT_EQ(equal(n * m, n), Truth::kUnknown);
}

TEST_F(DimTest, GuardAnswersWhatDepends) {
  EXPECT_THROW(dims_equal(n, m), Error);
  std::vector<std::pair<Dim, Dim>> asked;
  {
    DimGuardScope scope([&](Dim a, Dim b) {
      asked.emplace_back(a, b);
      return true;
    });
    EXPECT_TRUE(dims_equal(n, m));
    EXPECT_FALSE(dims_equal(n, 1));
    EXPECT_TRUE(dims_equal(n, n));
    {
      DimGuardScope inner([](Dim, Dim) { return false; });
      EXPECT_FALSE(dims_equal(n, m));
    }
    EXPECT_TRUE(dims_equal(n, 3));
  }
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1].second, Dim(3));
  EXPECT_THROW(dims_equal(n, m), Error);
}

TEST_F(DimTest, TextReadsBack) {
  EXPECT_EQ(to_string(floor_div(n * 3 + 1, 2)), "n + (n + 1) // 2");
  EXPECT_EQ(to_string(n * 3 - 1), "n * 3 - 1");
  EXPECT_EQ(to_string(Dim(0) - n), "-n");
  EXPECT_EQ(to_string(dim_max(n, m)), "max(n, m)");
  Dim examples[] = {n,
                    Dim(3),
                    Dim(-3),
                    n * m * 4 - n + 7,
                    Dim(5) - n * n,
                    floor_div(n + 3, 4) * m * 2 - 1,
                    floor_div(floor_div(n, m) + 5, 3),
                    dim_max(n - 9, floor_div(m, 3)) * floor_div(m, 7),
                    Dim(0) - floor_div(n, 3)};
  for (Dim d : examples) EXPECT_EQ(parse(to_string(d)), d) << to_string(d);
}

TEST_F(DimTest, BadTextIsRefused) {
  for (const char* text :
       {"", "n +", "(n", "n n", "3n", "max(n)", "n // 0", "99999999999999999999", "$", "n * (2"})
    EXPECT_THROW(parse(text), Error) << text;
  EXPECT_THROW(parse(std::string(10000, '(')), Error);
}

TEST_F(DimTest, NewNamesBecomeSymbols) {
  std::unordered_map<std::string, Dim> symbols;
  Dim a = parse_dim("batch * 2", symbols), b = parse_dim("batch", symbols);
  EXPECT_EQ(a, b * 2);
  EXPECT_EQ(to_string(b), "batch");
}

TEST_F(DimTest, SubstitutionAndSymbols) {
  Dim d = floor_div(n * m + 3, m) + dim_max(n, m);
  std::vector<Dim> symbols = symbols_of(d);
  EXPECT_TRUE(symbols == (std::vector<Dim>{n, m}) || symbols == (std::vector<Dim>{m, n}));
  Dim half = substitute(d, [&](Dim s) { return s == m ? std::optional<Dim>(2) : std::nullopt; });
  EXPECT_EQ(half, n + 1 + n);
  EXPECT_TRUE(is_symbol(n));
  EXPECT_FALSE(is_symbol(n * 2));
  EXPECT_FALSE(is_symbol(floor_div(n, 2)));
  EXPECT_FALSE(is_symbol(3));
  EXPECT_THROW(evaluate(d, {}), Error);
}

TEST_F(DimTest, TooLargeSizesAreRefused) {
  EXPECT_THROW(element_count(Dims{int64_t{1} << 32, int64_t{1} << 32}), Error);
  EXPECT_THROW(n * (int64_t{1} << 40) * (int64_t{1} << 40), Error);
  EXPECT_EQ(element_count(Dims{int64_t{1} << 30, 2}), Dim(int64_t{1} << 31));
}

TEST_F(DimTest, RandomExpressionsEvaluateAsTheirOperationsDo) {
  std::mt19937 random(7);
  auto pick = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
  struct Known {
    Dim dim;
    int64_t value;
  };
  for (int round = 0; round < 300; ++round) {
    int64_t n_value = 2 + pick(9), m_value = 2 + pick(9);
    std::vector<Known> pool{{n, n_value}, {m, m_value}, {3, 3}, {4, 4}, {-2, -2}};
    for (int step = 0; step < 6; ++step) {
      Known a = pool[pick(static_cast<int>(pool.size()))], b = pool[pick(static_cast<int>(pool.size()))];
      int op = pick(5);
      if (op == 0) pool.push_back({a.dim + b.dim, a.value + b.value});
      if (op == 1) pool.push_back({a.dim - b.dim, a.value - b.value});
      if (op == 2) pool.push_back({a.dim * b.dim, a.value * b.value});
      if (op == 3) pool.push_back({dim_max(a.dim, b.dim), std::max(a.value, b.value)});
      if (op != 4 || b.value == 0 || (b.dim.is_static() && b.dim.value() == 0)) continue;
      int64_t floor = a.value / b.value - (a.value % b.value != 0 && (a.value < 0) != (b.value < 0));
      pool.push_back({floor_div(a.dim, b.dim), floor});
    }
    for (const Known& k : pool) {
      ASSERT_EQ(at(k.dim, n_value, m_value), k.value)
          << to_string(k.dim) << " n=" << n_value << " m=" << m_value;
      ASSERT_EQ(parse(to_string(k.dim)), k.dim) << to_string(k.dim);
    }
  }
}

TEST_F(DimTest, ThreadsAgreeOnExpressions) {
  std::vector<std::vector<Dim>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&result, a = n, b = m] {
      for (int i = 1; i < 200; ++i) result.push_back(floor_div(a * i + b, i + 1) * b + i);
    });
  for (auto& thread : threads) thread.join();
  for (auto& result : results) EXPECT_EQ(result, results[0]);
}

TEST_F(DimTest, IntegersOf62BitsAndASign) {
  constexpr int64_t kLimit = int64_t{1} << 62;
  for (int64_t value : {kLimit - 1, -kLimit, int64_t{0}}) EXPECT_EQ(Dim(value).value(), value);
  for (int64_t value : {kLimit, -kLimit - 1, INT64_MAX, INT64_MIN}) EXPECT_THROW(Dim{value}, Error);
}

TEST_F(DimTest, TypesPrintTheirDims) {
  std::ostringstream out;
  out << TensorType{DType::kFloat32, {n, 3}, {}} << ' '
      << TensorType{DType::kInt64, {}, {DeviceKind::kCpu, 1}};
  EXPECT_EQ(out.str(), "float32[n, 3] int64[]@cpu:1");
}

}  // namespace
}  // namespace miai
