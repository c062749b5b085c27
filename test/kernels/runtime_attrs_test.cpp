#include "kernels/common/attrs/runtime_attrs.h"

#include <gtest/gtest.h>

#include <sstream>

#include "kernels/common/error.h"

namespace miai {
namespace {

TEST(RuntimeAttrs, BehaveAsAStructDoes) {
  std::shared_ptr<const AttrsType> type = runtime_attrs_type(
      {{"alpha", "slope", AttrKind::kFloat, 1.0}, {"sizes", "", AttrKind::kDims, Ints{1, 2}}});
  Attrs defaults = parse_attrs("op", *type, {}), same = parse_attrs("op", *type, {{"alpha", int64_t{1}}});
  EXPECT_EQ(defaults, same);
  EXPECT_EQ(defaults.hash(), same.hash());
  Attrs other = parse_attrs("op", *type, {{"alpha", 2.5}});
  EXPECT_FALSE(defaults == other);
  std::ostringstream text;
  text << other;
  EXPECT_EQ(text.str(), "alpha=2.5");
  EXPECT_EQ(std::get<double>(runtime_attr(other, "alpha")), 2.5);
  EXPECT_THROW(parse_attrs("op", *type, {{"alpha", std::string("x")}}), Error);
  EXPECT_THROW(parse_attrs("op", *type, {{"beta", 1.0}}), Error);
  EXPECT_THROW(runtime_attr(other, "beta"), Error);
}

TEST(RuntimeAttrs, SizesMayBeSymbolic) {
  std::shared_ptr<const AttrsType> type = runtime_attrs_type({{"size", "", AttrKind::kDim, int64_t{3}}});
  Attrs attrs = parse_attrs("op", *type, {{"size", Dim::symbolic(7)}});
  EXPECT_TRUE(is_symbolic(attrs));
  Attrs known = map_dims(attrs, [](Dim) { return Dim(5); });
  EXPECT_FALSE(is_symbolic(known));
  EXPECT_EQ(std::get<int64_t>(runtime_attr(known, "size")), 5);
  EXPECT_TRUE(is_symbolic(attrs));  // a copy was changed
}

TEST(RuntimeAttrs, DefaultsMustBeOfTheirKind) {
  EXPECT_THROW(runtime_attrs_type({{"alpha", "", AttrKind::kFloat, std::string("x")}}), Error);
}

}  // namespace
}  // namespace miai
