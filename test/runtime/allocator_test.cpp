#include "runtime/allocator.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/common/error.h"
#include "runtime/backend.h"
#include "runtime/size_class.h"
#include "runtime/storage.h"
#include "test/runtime/fork_child.h"

namespace miai {
namespace {

const Device kCpu{};
const Device kCpu3{DeviceKind::kCpu, 3};

std::string memory_error(Device device, size_t bytes) {
  try {
    free_memory(device, allocate_memory(device, bytes), bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kMemory);
    return error.what();
  }
  return "";
}

TEST(SizeClass, WasteIsSmall) {
  for (size_t bytes = 1; bytes < (size_t{1} << 34); bytes += 1 + bytes / 7) {
    size_t block = block_size(bytes);
    ASSERT_GE(block, bytes);
    ASSERT_EQ(block % kBlockAlign, 0u);
    ASSERT_EQ(block_size(block), block) << "a block's own size must be a class";
    if (bytes > 1024) {
      ASSERT_LE(block - bytes, bytes / 8) << bytes;
    }
    if (bytes > (size_t{1} << 20)) {
      ASSERT_LE(block - bytes, bytes / 32) << bytes;
    }
  }
}

class Allocator : public testing::TestWithParam<Device> {
 protected:
  Device device() const { return GetParam(); }
};

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
int64_t resident_bytes() {
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(AllocatorTrim, SmallBlocksGoBackToTheSystemToo) {
  constexpr size_t kBytes = 64 << 10;
  constexpr int kCount = 1600;  // 100 MiB
  std::vector<void*> blocks;
  for (int i = 0; i < kCount; ++i) {
    blocks.push_back(allocate_memory(kCpu, kBytes));
    std::memset(blocks.back(), 1, kBytes);
  }
  const int64_t before = resident_bytes();
  for (int i = 0; i + 1 < kCount; ++i) free_memory(kCpu, blocks[static_cast<size_t>(i)], kBytes);
  trim_memory(kCpu);  // the last one holds the end of the heap
  EXPECT_LT(resident_bytes(), before - (80 << 20));
  free_memory(kCpu, blocks.back(), kBytes);
}
#endif

TEST_P(Allocator, MemoryIsAlignedAndApart) {
  std::vector<std::pair<char*, size_t>> blocks;
  for (size_t bytes : {0, 1, 4, 63, 64, 65, 1000, 4096, 4097, 100000, 3 << 20}) {
    auto* data = static_cast<char*>(allocate_memory(device(), bytes));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 64, 0u) << bytes;
    std::memset(data, static_cast<int>(blocks.size()), bytes);
    blocks.emplace_back(data, bytes);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    auto [data, bytes] = blocks[i];
    for (size_t at = 0; at < bytes; ++at) ASSERT_EQ(data[at], static_cast<char>(i));
    free_memory(device(), data, bytes);
  }
}

TEST_P(Allocator, StatisticsFollowWhatIsHandedOut) {
  int64_t before = memory_stats(device()).allocated;
  int64_t calls = memory_stats(device()).allocations;
  reset_max_memory_stats(device());
  void* small = allocate_memory(device(), 4);
  void* large = allocate_memory(device(), 1 << 20);
  EXPECT_EQ(memory_stats(device()).allocated - before, 64 + (1 << 20));
  EXPECT_EQ(memory_stats(device()).allocations - calls, 2);
  free_memory(device(), small, 4);
  free_memory(device(), large, 1 << 20);
  MemoryStats stats = memory_stats(device());
  EXPECT_EQ(stats.allocated, before);
  EXPECT_EQ(stats.max_allocated - before, 64 + (1 << 20));
  EXPECT_LE(stats.reserved, stats.max_reserved);
  reset_max_memory_stats(device());
  EXPECT_EQ(memory_stats(device()).max_allocated, before);
}

TEST_P(Allocator, ThePeakOfSmallBlocksIsCounted) {
  int64_t before = memory_stats(device()).allocated;
  reset_max_memory_stats(device());
  std::vector<void*> blocks;
  for (int i = 0; i < 1000; ++i) blocks.push_back(allocate_memory(device(), 100));
  for (void* block : blocks) free_memory(device(), block, 100);
  EXPECT_EQ(memory_stats(device()).max_allocated - before, 1000 * 128);
  EXPECT_EQ(memory_stats(device()).allocated, before);
}

TEST_P(Allocator, FreedBlocksAreReusedUntilTrimmed) {
  if (!backend(DeviceKind::kCpu).caches) GTEST_SKIP() << "this build does not cache";
  for (size_t bytes : {4, 5000, 2 << 20}) {
    void* first = allocate_memory(device(), bytes);
    free_memory(device(), first, bytes);
    void* second = allocate_memory(device(), bytes);
    EXPECT_EQ(first, second) << bytes;
    free_memory(device(), second, bytes);
  }
  EXPECT_GT(memory_stats(device()).reserved, memory_stats(device()).allocated);
  trim_memory(device());
  EXPECT_EQ(memory_stats(device()).reserved, memory_stats(device()).allocated);
}

TEST_P(Allocator, CachedMemoryStaysBounded) {
  trim_memory(device());
  reset_max_memory_stats(device());
  for (size_t bytes = 1 << 20; bytes < (size_t{40} << 20); bytes += 512 << 10)
    free_memory(device(), allocate_memory(device(), bytes), bytes);
  MemoryStats stats = memory_stats(device());
  EXPECT_LE(stats.reserved, stats.max_allocated * 2 + (65 << 20));
  trim_memory(device());
}

TEST_P(Allocator, AStepThatRepeatsFindsItsMemoryAtHand) {
  if (!backend(DeviceKind::kCpu).caches) GTEST_SKIP() << "this build does not cache";
  constexpr size_t kBytes = size_t{8} << 20;
  auto step = [&] {  // keeps all until its end, as a backward pass does
    std::vector<void*> blocks;
    for (int i = 0; i < 40; ++i) blocks.push_back(allocate_memory(device(), kBytes));
    for (void* block : blocks) free_memory(device(), block, kBytes);
    return std::set<void*>(blocks.begin(), blocks.end());
  };
  std::set<void*> first = step();
  EXPECT_GE(memory_stats(device()).reserved, static_cast<int64_t>(40 * kBytes));
  EXPECT_EQ(step(), first);
  trim_memory(device());
}

TEST_P(Allocator, ALimitIsAnErrorThatSaysWhatToDo) {
  int64_t in_use = memory_stats(device()).allocated;
  set_memory_limit(device(), in_use + (1 << 20));
  void* half = allocate_memory(device(), 1 << 19);
  std::string text = memory_error(device(), 3 << 20);
  EXPECT_NE(text.find("'" + device_name(device()) + "': asked for 3.0 MiB (3145728 bytes)"), text.npos)
      << text;
  EXPECT_NE(text.find("in use"), text.npos) << text;
  EXPECT_NE(text.find("limit 1.0 MiB"), text.npos) << text;
  EXPECT_NE(text.find("raise the memory limit"), text.npos) << text;
  free_memory(device(), half, 1 << 19);
  std::vector<void*> small;
  EXPECT_ANY_THROW({
    while (true) small.push_back(allocate_memory(device(), 64));
  });
  EXPECT_EQ(small.size(), (1u << 20) / 64) << "small blocks count too";
  for (void* block : small) free_memory(device(), block, 64);
  set_memory_limit(device(), 0);
  EXPECT_EQ(memory_error(device(), 3 << 20), "");
}

void* spare = nullptr;  // 1 MiB that may be freed
std::optional<std::string> free_spare(Device device, size_t, int64_t missing) {
  EXPECT_GT(missing, 0);
  if (!spare) return "nothing is spare";
  free_memory(device, std::exchange(spare, nullptr), 1 << 20);
  return std::nullopt;
}

TEST_P(Allocator, AGoalAsksTheReclaimerAndIsGivenUpWhereNothingIsSpare) {
  const int64_t goal = memory_stats(device()).allocated + (2 << 20);
  set_memory_reclaimer(free_spare);
  EXPECT_EQ(set_memory_goal(device(), goal), 0);
  spare = allocate_memory(device(), 1 << 20);
  std::vector<void*> blocks{allocate_memory(device(), 1 << 20)};
  EXPECT_NE(spare, nullptr) << "there is room yet";
  blocks.push_back(allocate_memory(device(), 1 << 20));
  EXPECT_EQ(spare, nullptr);
  EXPECT_EQ(memory_stats(device()).allocated, goal);
  blocks.push_back(allocate_memory(device(), 1 << 20));
  EXPECT_EQ(memory_stats(device()).allocated, goal + (1 << 20));
  spare = allocate_memory(device(), 1 << 20);
  blocks.push_back(allocate_memory(device(), 1 << 20));
  EXPECT_NE(spare, nullptr) << "the goal was given up";
  EXPECT_EQ(set_memory_goal(device(), 0), goal);
  set_memory_reclaimer(nullptr);
  blocks.push_back(std::exchange(spare, nullptr));
  for (void* block : blocks) free_memory(device(), block, 1 << 20);
}

TEST_P(Allocator, BlocksAtHandAreWithinTheLimit) {
  trim_memory(device());
  const int64_t reserved = memory_stats(device()).reserved, limit = reserved + (4 << 20);
  set_memory_limit(device(), limit);
  for (size_t bytes = 1 << 20; bytes <= 3 << 20; bytes += 1 << 19)  // each of a size of its own
    free_memory(device(), allocate_memory(device(), bytes), bytes);
  EXPECT_LE(memory_stats(device()).reserved, limit);
  set_memory_limit(device(), 0);
  trim_memory(device());
}

TEST_P(Allocator, TheReclaimerIsAskedFirst) {
  int64_t limit = memory_stats(device()).allocated + (1 << 20);
  EXPECT_EQ(set_memory_limit(device(), limit), 0);
  set_memory_reclaimer(free_spare);
  spare = allocate_memory(device(), 1 << 20);
  void* data = allocate_memory(device(), 1 << 19);
  EXPECT_EQ(spare, nullptr);
  EXPECT_NE(memory_error(device(), 1 << 20).find("nothing is spare"), std::string::npos);
  set_memory_reclaimer(nullptr);
  EXPECT_EQ(memory_error(device(), 1 << 20).find("nothing is spare"), std::string::npos);
  EXPECT_EQ(set_memory_limit(device(), 0), limit);
  free_memory(device(), data, 1 << 19);
}

TEST_P(Allocator, AStorageGivesItsMemoryUpAndTakesAnother) {
  int64_t before = memory_stats(device()).allocated;
  {
    auto storage = Storage::allocate(device(), 1 << 20);
    storage->give_up();
    EXPECT_FALSE(storage->is_resident());
    EXPECT_EQ(memory_stats(device()).allocated, before);
    auto other = Storage::allocate(device(), 1 << 20);
    void* data = other->data();
    storage->take_memory(*other);
    EXPECT_EQ(storage->data(), data);
    EXPECT_FALSE(other->is_resident());
    other = nullptr;
    EXPECT_EQ(memory_stats(device()).allocated, before + (1 << 20));
    storage->give_up();
  }
  EXPECT_EQ(memory_stats(device()).allocated, before);
}

TEST_P(Allocator, AbsurdSizesAreErrors) {
  EXPECT_NE(memory_error(device(), ~size_t{0}), "");
  EXPECT_NE(memory_error(device(), size_t{1} << 62), "");
}

TEST_P(Allocator, FaultsComeWhenAsked) {
  fail_allocation_after(3);
  EXPECT_EQ(memory_error(device(), 4), "");
  EXPECT_EQ(memory_error(device(), 1 << 20), "");
  EXPECT_NE(memory_error(device(), 4), "");
  EXPECT_EQ(memory_error(device(), 4), "");
  fail_allocation_after(1);
  fail_allocation_after(0);
  EXPECT_EQ(memory_error(device(), 4), "");
}

TEST_P(Allocator, BlocksMayBeFreedByOtherThreads) {
  int64_t before = memory_stats(device()).allocated;
  for (int round = 0; round < 4; ++round) {
    std::vector<std::pair<void*, size_t>> blocks;
    std::thread([&] {
      for (size_t i = 0; i < 2000; ++i) {
        size_t bytes = i * 7 % 6000;
        blocks.emplace_back(allocate_memory(device(), bytes), bytes);
      }
    }).join();
    std::thread([&] {
      for (auto [data, bytes] : blocks) free_memory(device(), data, bytes);
    }).join();
  }
  EXPECT_EQ(memory_stats(device()).allocated, before);
}

TEST_P(Allocator, ManyThreadsAtOnce) {
  int64_t before = memory_stats(device()).allocated;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<std::pair<unsigned char*, size_t>> held;
      for (size_t i = 0; i < 3000; ++i) {
        size_t bytes = (i * 37 + static_cast<size_t>(t)) % 9000 + 1;
        auto* data = static_cast<unsigned char*>(allocate_memory(device(), bytes));
        data[0] = data[bytes - 1] = static_cast<unsigned char>(t);
        held.emplace_back(data, bytes);
        if (held.size() < 50) continue;
        auto [old, size] = held[i % 50];
        EXPECT_EQ(old[0], t);
        EXPECT_EQ(old[size - 1], t);
        free_memory(device(), old, size);
        held[i % 50] = held.back();
        held.pop_back();
      }
      for (auto [data, bytes] : held) free_memory(device(), data, bytes);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory_stats(device()).allocated, before);
}

INSTANTIATE_TEST_SUITE_P(Devices, Allocator, testing::Values(kCpu, kCpu3));

TEST(AllocatorFork, AChildForkedWhileOthersAllocateCanAllocate) {
  std::atomic<bool> end{false};
  std::thread busy([&] {
    while (!end) free_memory(kCpu3, allocate_memory(kCpu3, 5000), 5000);
  });
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(true_in_forked_child([] {
      for (size_t bytes : {4, 5000, 2 << 20}) {
        free_memory(kCpu, allocate_memory(kCpu, bytes), bytes);
        free_memory(kCpu3, allocate_memory(kCpu3, bytes), bytes);
      }
      return true;
    }));
  end = true;
  busy.join();
}

TEST(AllocatorDevices, UnknownOnesAreErrors) {
  EXPECT_ANY_THROW(allocate_memory({DeviceKind::kCpu, 64}, 4));
  EXPECT_ANY_THROW(allocate_memory({DeviceKind::kCuda, 0}, 4));
  EXPECT_ANY_THROW(set_memory_limit(kCpu, -1));
}

TEST(StorageMemory, IsFreedWithTheLastShare) {
  int64_t before = memory_stats(kCpu).allocated;
  {
    IntrusivePtr<Storage> first = Storage::allocate(kCpu, 100);
    IntrusivePtr<Storage> second = first;
    EXPECT_EQ(second->use_count(), 2);
    first = nullptr;
    EXPECT_EQ(memory_stats(kCpu).allocated - before, 128);
  }
  EXPECT_EQ(memory_stats(kCpu).allocated, before);
}

TEST(StorageMemory, ImportedMemoryGoesBackToItsOwner) {
  int released = 0;
  int value = 7;
  {
    IntrusivePtr<Storage> storage = Storage::import(kCpu, &value, sizeof(value), [&] { ++released; });
    EXPECT_FALSE(storage->is_writable());
    IntrusivePtr<Storage> unowned = Storage::import(kCpu, &value, sizeof(value), nullptr);
    EXPECT_TRUE(unowned->is_imported());
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

TEST(StorageMemory, ExportedMemoryIsNotWritable) {
  IntrusivePtr<Storage> storage = Storage::allocate(kCpu, 4);
  EXPECT_TRUE(storage->is_writable());
  storage->add_export();
  EXPECT_FALSE(storage->is_writable());
  storage->remove_export();
  EXPECT_TRUE(storage->is_writable());
}

}  // namespace
}  // namespace miai
