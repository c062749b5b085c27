// The generated tables hold what lies in the folders, and every operator is tested and runs somewhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "graph/ops/tables.h"
#include "kernels/common/kernel_table.h"

namespace miai {

namespace ops {
extern const int kOpFiles, kGradFiles, kSampleFiles;
}

namespace {

constexpr size_t kLeastValid = 10, kLeastInvalid = 5;

/// Files of graph/ops that define define_<their stem><suffix>(<table>&).
int count_definitions(const std::string& suffix, const std::string& table) {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(MIAI_SOURCE_DIR "/graph/ops")) {
    if (file.path().extension() != ".cpp") continue;
    std::ostringstream text;
    text << std::ifstream(file.path()).rdbuf();
    count += text.str().find("void define_" + file.path().stem().string() + suffix + "(" + table + "&") !=
             std::string::npos;
  }
  return count;
}

TEST(Registration, EveryFileOfTheFolderIsInTheTables) {
  EXPECT_EQ(ops::kOpFiles, count_definitions("", "OpTable"));
  EXPECT_EQ(ops::kGradFiles, count_definitions("_grad", "GradTable"));
  EXPECT_EQ(ops::kSampleFiles, count_definitions("_samples", "SampleTable"));
}

TEST(Registration, TablesAreFilled) {
  EXPECT_GE(OpTable::global().all().size(), static_cast<size_t>(ops::kOpFiles));
  EXPECT_GE(GradTable::global().size(), static_cast<size_t>(ops::kGradFiles));
}

TEST(Registration, EveryOperatorHasSamples) {
  for (const OpDef* op : OpTable::global().all()) {
    if (op->name.starts_with("toy_")) continue;  // registered by another test of this program
    const SampleList* samples = SampleTable::global().find(op->name);
    size_t valid = samples ? samples->valid_samples.size() : 0;
    size_t invalid = samples ? samples->invalid_samples.size() : 0;
    EXPECT_GE(valid, kLeastValid) << op->name << ": too few valid samples";
    EXPECT_GE(invalid, kLeastInvalid) << op->name << ": too few invalid samples";
  }
}

TEST(Registration, EveryOperatorRunsOnTheReferenceBackend) {
  for (const OpDef* op : OpTable::global().all()) {
    if (op->name.starts_with("toy_")) continue;  // registered by another test of this program
    if (op->name == "to_device") continue;       // dispatch and plans copy
    bool runs = op->is_pointwise() || op->is_view() || op->lower;
    for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, op->name))
      runs |= kernel->name.starts_with("reference/");
    EXPECT_TRUE(runs) << op->name << ": no reference kernel, no expression, no lowering";
  }
}

}  // namespace
}  // namespace miai
