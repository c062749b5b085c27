#include "kernels/common/kernel_table.h"

#include <gtest/gtest.h>

#include "kernels/common/error.h"

namespace miai {
namespace {

/// The kernel chosen among some that answer like this, in this order of preference.
std::string chosen(std::vector<std::pair<Support, int>> answers) {
  KernelTable table;
  for (size_t i = 0; i < answers.size(); ++i)
    table.add({.op = "op",
               .name = "kernel" + std::to_string(i),
               .supports = [answer = answers[i].first](const KernelSignature&) { return answer; },
               .preference = answers[i].second});
  return choose_kernel(table, {"op", {}, {}, Attrs()}).kernel->name;
}

const Support kYes = Support::yes(), kNo = Support::no("too large"),
              kReluctant = Support::only_if_needed("another is quicker");

TEST(KernelTable, ThePreferredKernelThatSupportsTheCallRuns) {
  EXPECT_EQ(chosen({{kYes, 20}, {kYes, 10}, {kYes, -100}}), "kernel0");
  EXPECT_EQ(chosen({{kNo, 20}, {kYes, 10}, {kYes, -100}}), "kernel1");
}

TEST(KernelTable, AKernelThatWouldRatherNotRunsBeforeTheReferenceAlone) {
  EXPECT_EQ(chosen({{kReluctant, 20}, {kYes, 10}, {kYes, -100}}), "kernel1");
  EXPECT_EQ(chosen({{kReluctant, 20}, {kNo, 10}, {kYes, -100}}), "kernel0");
  EXPECT_EQ(chosen({{kReluctant, 20}, {kReluctant, 10}, {kYes, -100}}), "kernel0");
}

TEST(KernelTable, OnlyKernelsThatPackAreAskedForAPackedWeight) {
  KernelTable table;
  auto if_packed = [](const KernelSignature& s) { return s.packed ? kYes : kNo; };
  table.add({.op = "op", .name = "packs not", .supports = if_packed, .preference = 3});
  table.add({.op = "op", .name = "packs", .supports = if_packed, .preference = 2, .packs = 1});
  table.add({.op = "op", .name = "any", .preference = 1});
  const Attrs attrs;
  KernelSignature signature{"op", {}, {}, attrs};
  EXPECT_EQ(find_kernel(table, signature).kernel->name, "any");
  signature.packed = true;
  EXPECT_EQ(find_kernel(table, signature).kernel->name, "packs");
}

TEST(KernelTable, RefusalsAreKeptInWords) {
  KernelTable table;
  table.add({.op = "op",
             .name = "first",
             .supports = [](const KernelSignature&) { return kReluctant; },
             .preference = 2});
  table.add({.op = "op", .name = "second", .preference = 1});
  KernelChoice choice = choose_kernel(table, {"op", {}, {}, Attrs()});
  ASSERT_EQ(choice.refusals.size(), 1U);
  EXPECT_EQ(choice.refusals[0].kernel, "first");
  EXPECT_EQ(choice.refusals[0].reason, "another is quicker");
  KernelTable refusing;
  refusing.add({.op = "op", .name = "only", .supports = [](const KernelSignature&) { return kNo; }});
  EXPECT_THROW(choose_kernel(refusing, {"op", {}, {}, Attrs()}), Error);
}

}  // namespace
}  // namespace miai
