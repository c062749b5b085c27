#include "test/serialize/counting_new.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<size_t> live{0}, peak{0};

void* counted(size_t bytes, size_t alignment) {
  if (bytes > miai::testing::kMostAllocation) throw std::bad_alloc();
  void* data = nullptr;
  if (posix_memalign(&data, std::max(alignment, sizeof(void*)), std::max<size_t>(bytes, 1)) != 0)
    throw std::bad_alloc();
  const size_t now = live += malloc_usable_size(data);
  size_t most = peak;
  while (now > most && !peak.compare_exchange_weak(most, now)) {
  }
  return data;
}

void release(void* data) {
  if (data) live -= malloc_usable_size(data);
  std::free(data);
}

}  // namespace

void* operator new(size_t bytes) { return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<size_t>(alignment));
}
// std::stable_sort's; the address sanitizer has one of its own, whose memory `release` must not see.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* data) noexcept { release(data); }
void operator delete(void* data, const std::nothrow_t&) noexcept { release(data); }
void operator delete(void* data, size_t) noexcept { release(data); }
void operator delete(void* data, std::align_val_t) noexcept { release(data); }
void operator delete(void* data, size_t, std::align_val_t) noexcept { release(data); }

namespace miai::testing {

PeakMemory::PeakMemory() : before_(live) { peak = before_; }
size_t PeakMemory::bytes() const { return peak - before_; }

}  // namespace miai::testing
