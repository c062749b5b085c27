#include "test/graph/common/no_memory.h"

#include <cstdlib>
#include <new>

#include "runtime/allocator.h"

namespace {
thread_local bool g_no_memory = false;
thread_local long g_until_failure = 0;  // 0: none is to fail

bool fails_now() { return g_no_memory || (g_until_failure > 0 && --g_until_failure == 0); }
}  // namespace

// The whole test program's.
void* operator new(std::size_t bytes) {
  if (fails_now()) throw std::bad_alloc();
  if (void* data = std::malloc(bytes ? bytes : 1)) return data;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return fails_now() ? nullptr : std::malloc(bytes ? bytes : 1);
}
void operator delete(void* data) noexcept { std::free(data); }
void operator delete(void* data, std::size_t) noexcept { std::free(data); }
void operator delete(void* data, const std::nothrow_t&) noexcept { std::free(data); }

namespace miai::test {

NoMemory::NoMemory() {
  fail_allocation_after(1);
  g_no_memory = true;
}

NoMemory::~NoMemory() {
  g_no_memory = false;
  fail_allocation_after(0);
}

FailNewAt::FailNewAt(long n) { g_until_failure = n; }
FailNewAt::~FailNewAt() { g_until_failure = 0; }
bool FailNewAt::has_failed() const { return g_until_failure == 0; }

}  // namespace miai::test
