// Values that die after their thread's list of free values has ended.
#include "imperative/value.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "imperative/dispatch.h"

namespace {

std::atomic<void*> watched{nullptr};
std::atomic<bool> watched_was_freed{false};

}  // namespace

void* operator new(size_t bytes) {
  if (void* data = std::malloc(bytes)) return data;
  throw std::bad_alloc();
}
void operator delete(void* data) noexcept {
  if (data && data == watched) watched_was_freed = true;
  std::free(data);
}
void operator delete(void* data, size_t) noexcept { operator delete(data); }

namespace miai {
namespace {

ValuePtr make_value() {
  float number = 1;
  return value_from_host(DType::kFloat32, {}, Device(), &number);
}

/// Made before the thread's list, so destroyed after it, as statics are at the end of a process.
struct Holder {
  ValuePtr value;
  ~Holder() {
    watched = value.get();
    value = nullptr;
  }
};

TEST(Value, ThatOutlivesTheListOfItsThreadIsFreed) {
  std::thread([] {
    thread_local Holder holder;
    holder.value = make_value();
    for (int i = 0; i < 100; ++i) make_value();
  }).join();
  EXPECT_TRUE(watched_was_freed);
}

}  // namespace
}  // namespace miai
