// Random damage to each kind of file: an OSError or a file that can be used; no crash, no hang, bounded
// memory. MIAI_LONG=1 (scripts/check-all.sh) makes it 100,000 files of each kind; MIAI_MUTATION=N runs that
// one alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "graph/compile/executable.h"
#include "kernels/common/error.h"
#include "runtime/allocator.h"
#include "test/serialize/counting_new.h"
#include "test/serialize/files.h"

namespace miai {
namespace {

using namespace testing;

constexpr size_t kFree = size_t{1} << 20;

class Mutator {
 public:
  Mutator(const std::string& file, unsigned seed)
      : header_(header_of(file)), data_(data_of(file)), random_(seed) {}

  /// Every second file has a right checksum of the header, so that the damage reaches what lies behind.
  std::string mutated() {
    for (size_t k = 0; k <= below(2); ++k) mutate();
    if (below(2)) header_ = with_checksum(header_);
    std::string file = with_header(header_, data_);
    if (below(10) == 0) file.resize(below(file.size() + 1));
    if (below(20) == 0 && file.size() > 8) file[below(8)] ^= static_cast<char>(1 << below(8));
    return file;
  }

 private:
  size_t below(size_t n) { return n ? random_() % n : 0; }

  void mutate() {
    switch (below(7)) {
      case 0:
        flip(header_);
        break;
      case 1:
        flip(data_);
        break;
      case 2:
      case 3:
        replace_number();
        break;
      case 4:
      case 5:
        swap_words();
        break;
      default:
        chunk();
    }
  }
  void flip(std::string& text) {
    if (!text.empty()) text[below(text.size())] ^= static_cast<char>(1 << below(8));
  }
  void replace_number() {
    const size_t at = header_.find_first_of("0123456789", below(header_.size()));
    if (at == std::string::npos) return;
    const size_t end = std::min(header_.find_first_not_of("0123456789", at), header_.size());
    static const char* const numbers[] = {"0",
                                          "1",
                                          "2",
                                          "-1",
                                          "-2",
                                          "7",
                                          "64",
                                          "1000000",
                                          "2147483648",
                                          "281474976710656",
                                          "9223372036854775807",
                                          "18446744073709551616",
                                          "1e300",
                                          "null",
                                          "[]",
                                          "true",
                                          "\\\"n\\\""};
    header_.replace(at, end - at, numbers[below(std::size(numbers))]);
  }
  /// A quoted word in place of another: operators, dtypes, names and keys.
  void swap_words() {
    auto word = [&] {
      const size_t begin = header_.find('"', below(header_.size()));
      if (begin == std::string::npos) return std::pair<size_t, size_t>{0, 0};
      const size_t end = header_.find('"', begin + 1);
      return end == std::string::npos ? std::pair<size_t, size_t>{0, 0} : std::pair{begin, end - begin};
    };
    const auto [from, length] = word();
    if (length == 0 || length > 60) return;
    const std::string text = header_.substr(from, length);
    const auto [to, old_length] = word();
    if (old_length && old_length <= 60) header_.replace(to, old_length, text);
  }
  void chunk() {
    const size_t at = below(header_.size()), length = below(100);
    const std::string text = header_.substr(at, length);
    if (below(2)) {
      header_.erase(at, length);
    } else {
      header_.insert(below(header_.size()), text);
    }
  }

  std::string header_, data_;
  std::mt19937 random_;
};

/// What a program does with a model: each function is compiled and its test vectors run.
void use(const Model& model) {
  for (const ModelFunction& entry : model.functions) {
    verify(*entry.function);
    to_text(*entry.function);
    CompileOptions options;
    options.opt_level = entry.opt_level;
    Execution execution(compile(*entry.function, options));
    for (const TestVector& test : entry.tests) {
      std::vector<TensorRef> inputs;
      for (const HostTensor& input : test.inputs) inputs.push_back(to_tensor_ref(input));
      std::vector<StateSlot> slots;
      for (const State& state : entry.function->states) {
        StateSlot slot;
        if (state.input) slot.value = to_tensor_ref(model.states.at(state.name));
        slots.push_back(std::move(slot));
      }
      execution.run(inputs, slots);
    }
  }
}

struct Counts {
  int refused = 0, refused_later = 0, used = 0;
};

/// Opens and uses `count` files, 100 times as many in the long run.
template <class Open, class Use>
Counts mutate_files(const std::string& good, int count, const Open& open, const Use& use) {
  const char* only = std::getenv("MIAI_MUTATION");
  const int first = only ? std::atoi(only) : 0;
  if (only)
    count = first + 1;
  else if (std::getenv("MIAI_LONG"))
    count *= 100;
  Counts counts;
  for (int i = first; i < count; ++i) {
    const std::string bad = Mutator(good, static_cast<unsigned>(i)).mutated();
    SCOPED_TRACE("MIAI_MUTATION=" + std::to_string(i));
    bool is_open = false;
    try {
      PeakMemory peak;
      auto file = open(bad);
      EXPECT_LE(peak.bytes(), 3 * bad.size() + kFree);  // the copy that tests make, and twice the size
      is_open = true;
      use(file);
      ++counts.used;
    } catch (const Error& error) {
      EXPECT_TRUE(is_open || error.kind() == ErrorKind::kIo) << error.what();
      ++(is_open ? counts.refused_later : counts.refused);
    } catch (const std::bad_alloc&) {
      EXPECT_TRUE(is_open);  // a function may ask for more memory than there is when it runs
      ++counts.refused_later;
    }
  }
  std::printf("%d refused, %d refused when used, %d used\n", counts.refused, counts.refused_later,
              counts.used);
  return counts;
}

class Mutations : public ::testing::Test {
 protected:
  void SetUp() override { set_memory_limit({}, int64_t{256} << 20); }
  void TearDown() override { set_memory_limit({}, 0); }
};

void expect_both(const Counts& counts) {
  if (std::getenv("MIAI_MUTATION")) return;
  EXPECT_GT(counts.refused, 300);
  EXPECT_GT(counts.used, 5);
}

TEST_F(Mutations, OfACheckpoint) {
  expect_both(mutate_files(
      sample_checkpoint(), 1000, [](const std::string& bytes) { return open_bytes(bytes, true); },
      [](const TensorFile& file) {
        for (size_t i = 0; i < file.size(); ++i) {
          HostTensor tensor = file.tensor(i);
          EXPECT_EQ(file.find(tensor.name)->shape, tensor.shape);
        }
        file.metadata("miai.checkpoint");
      }));
}

TEST_F(Mutations, OfAModel) {
  expect_both(mutate_files(
      sample_model(false), 1000, [](const std::string& bytes) { return open_model(bytes); }, use));
}

TEST_F(Mutations, OfAModelWithTwoFunctionsAndStates) {
  expect_both(mutate_files(
      sample_model(true), 1000, [](const std::string& bytes) { return open_model(bytes); }, use));
}

TEST_F(Mutations, OfAGoldenTrainingStep) {  // many operators, with attributes of all kinds
  const std::string path = MIAI_SOURCE_DIR "/test/golden/0.1.0/train_step.miai";
  mutate_files(read_bytes(path), 200, [](const std::string& bytes) { return open_model(bytes); }, use);
}

}  // namespace
}  // namespace miai
