#include "runtime/cpu_memory.h"

#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace miai {
namespace {

constexpr size_t kAlignment = 64;
#ifdef __SANITIZE_ADDRESS__
constexpr size_t kMapFrom = size_t{1} << 36;  // below, the sanitizer's heap, which sees writes past the end
#else
constexpr size_t kMapFrom = size_t{1} << 20;
#endif
constexpr size_t kHugePagesFrom = size_t{4} << 20;

}  // namespace

void* cpu_allocate(size_t bytes) {
  if (bytes < kMapFrom) {
    void* data = nullptr;
    return posix_memalign(&data, kAlignment, std::max<size_t>(bytes, 1)) == 0 ? data : nullptr;
  }
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return nullptr;
  if (bytes >= kHugePagesFrom) madvise(data, bytes, MADV_HUGEPAGE);  // only speed: a refusal does not matter
  return data;
}

void cpu_free(void* data, size_t bytes) {
  if (bytes < kMapFrom)
    std::free(data);
  else
    munmap(data, bytes);
}

void cpu_give_back() {
#ifdef __GLIBC__
  malloc_trim(0);  // small blocks are of its heap, which keeps what is freed in the midst of it
#endif
}

int64_t cpu_memory_bytes() {
  int64_t bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  // What the control group grants, version 2 or 1; "max" is not a number.
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    int64_t granted = 0;
    if (std::ifstream(file) >> granted) bytes = std::min(bytes, granted);
  }
  return bytes;
}

}  // namespace miai
