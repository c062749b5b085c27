// Before and after, as text.
#pragma once
#include <gtest/gtest.h>

#include "graph/passes/pass.h"
#include "test/graph/common/toy_ops.h"

namespace miai::testing {

using PassFunction = FunctionPtr (*)(const Function&, const PassOptions&);

/// The pass makes `after` of `before` (numbers of values do not matter), and leaves a valid function.
inline void expect_pass(PassFunction pass, std::string_view before, std::string_view after,
                        int opt_level = 1) {
  use_toy_ops();
  FunctionPtr from = parse_function(before);
  PassOptions options;
  options.opt_level = opt_level;
  FunctionPtr to = pass(*from, options);
  EXPECT_NO_THROW(verify(*to));
  EXPECT_EQ(normal_text(*to), normal_text(after));
}
inline void expect_unchanged(PassFunction pass, std::string_view text, int opt_level = 1) {
  expect_pass(pass, text, text, opt_level);
}
/// The pass, and then what is dead is left out.
template <PassFunction pass>
FunctionPtr then_clean(const Function& function, const PassOptions& options) {
  return remove_dead_code(*pass(function, options), options);
}

}  // namespace miai::testing
