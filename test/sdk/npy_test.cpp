// Damaged .npy files, as miai-run may be given: a std::runtime_error that names the file, or an array that
// can be used. MIAI_LONG=1 (scripts/check-all.sh) makes it 100,000 files.
#include "sdk/run/npy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

namespace miai::run {
namespace {

class NpyMutations : public ::testing::Test {
 protected:
  std::string path_ =
      (std::filesystem::temp_directory_path() / ("miai_npy_" + std::to_string(getpid()))).string();
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
};

std::string npy(const std::string& descriptor, const std::string& order, const std::string& shape,
                size_t bytes) {
  std::string header =
      "{'descr': '" + descriptor + "', 'fortran_order': " + order + ", 'shape': (" + shape + "), }\n";
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file + header + std::string(bytes, '\x3f');
}

std::string mutated(std::string file, std::mt19937& random) {
  static const char* const numbers[] = {"0",
                                        "1",
                                        "-1",
                                        "9223372036854775807",
                                        "4611686018427387904",
                                        "99999999999999999999",
                                        "",
                                        " 7",
                                        "1e9",
                                        "(3)",
                                        "2,2,2,2,2,2,2,2,2",
                                        "'|O'"};
  auto below = [&](size_t n) { return n ? random() % n : 0; };
  for (size_t k = 0; k <= below(3); ++k) {
    switch (below(5)) {
      case 0:
        if (!file.empty()) file[below(file.size())] ^= static_cast<char>(1 << below(8));
        break;
      case 1:
        file.resize(below(file.size() + 1));
        break;
      case 2: {
        const size_t at = file.find_first_of("0123456789", below(file.size()));
        if (at != std::string::npos) file.replace(at, 1, numbers[below(std::size(numbers))]);
        break;
      }
      case 3: {
        const size_t at = below(std::min<size_t>(file.size(), 100));
        file.erase(at, below(12));
        break;
      }
      default:
        file.insert(below(file.size() + 1), std::string(below(20), "({[',:\\'\x00\xff"[below(10)]));
    }
  }
  return file;
}

TEST_F(NpyMutations, AreRefusedOrUsed) {
  const std::string good[] = {npy("<f4", "False", "3, 5", 60), npy("<i8", "True", "2, 3, 4", 192),
                              npy("|b1", "False", "", 1), npy("<f2", "True", "7,", 14)};
  const int count = std::getenv("MIAI_LONG") ? 100'000 : 1'000;
  int refused = 0, used = 0;
  for (int i = 0; i < count; ++i) {
    std::mt19937 random(static_cast<unsigned>(i));
    const std::string file = mutated(good[static_cast<size_t>(i) % std::size(good)], random);
    write(file);
    SCOPED_TRACE(i);
    try {
      const NpyArray array = read_npy(path_);
      EXPECT_LE(array.data.size(), file.size());
      const miai_tensor tensor = array.tensor();
      size_t bytes = miai_dtype_size(tensor.dtype);
      for (int d = 0; d < tensor.rank; ++d) bytes *= static_cast<size_t>(tensor.shape[d]);
      EXPECT_EQ(bytes, array.data.size());
      ++used;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string(error.what()).find("'" + path_ + "': "), 0u) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, count / 2);
  EXPECT_GT(used, count / 50);
}

TEST_F(NpyMutations, WholeFilesAreRead) {
  write(npy("<f4", "False", "3, 5", 60));
  EXPECT_EQ(read_npy(path_).shape, (std::vector<int64_t>{3, 5}));
  write(npy("<f4", "False", "3, 5", 59));
  EXPECT_THROW(read_npy(path_), std::runtime_error);
}

}  // namespace
}  // namespace miai::run
