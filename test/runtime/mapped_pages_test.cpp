#include "runtime/mapped_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace miai {
namespace {

constexpr size_t kPages = 8;

struct Mapping {
  size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE)), bytes = kPages * page;
  char* data = nullptr;
  Mapping() {
    std::FILE* file = std::tmpfile();
    std::string text(bytes, 'x');
    EXPECT_EQ(std::fwrite(text.data(), 1, bytes, file), bytes);
    std::fflush(file);
    data = static_cast<char*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, ::fileno(file), 0));
    std::fclose(file);
  }
  ~Mapping() { ::munmap(data, bytes); }
};

/// A private page that was written holds a copy; once dropped, it is the file's again.
TEST(MappedPages, AreReadFromTheFileAgain) {
  Mapping file;
  add_mapping(file.data, file.bytes);
  for (size_t i = 0; i < kPages; ++i) file.data[i * file.page] = 'y';
  drop_pages(file.data + 1, 3 * file.page);  // page 0 and page 3 are shared with what lies beside
  EXPECT_EQ(
      std::string({file.data[0], file.data[file.page], file.data[2 * file.page], file.data[3 * file.page]}),
      "yxxy");
  remove_mapping(file.data);
  drop_pages(file.data, file.bytes);  // no mapping of ours any more
  EXPECT_EQ(file.data[4 * file.page], 'y');
}

TEST(MappedPages, OtherMemoryIsLeftAlone) {
  Mapping file;
  add_mapping(file.data, file.bytes);
  std::vector<char> memory(64 * file.page, 'z');
  drop_pages(memory.data(), memory.size());
  EXPECT_EQ(memory, std::vector<char>(64 * file.page, 'z'));
  file.data[0] = 'y';
  drop_pages(file.data, file.bytes + file.page);  // reaches out of the mapping
  EXPECT_EQ(file.data[0], 'y');
  remove_mapping(file.data);
}

}  // namespace
}  // namespace miai
