// Small blocks of device cpu, kept per thread: allocating one element takes no lock and no atomic exchange.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <new>

#include "runtime/device_pool.h"
#include "runtime/size_class.h"

namespace miai {

class ThreadCache {
 public:
  explicit ThreadCache(DevicePool& pool) : pool_(pool) { pool_.attach(this); }
  /// Gives all blocks back to the pool.
  ~ThreadCache();

  void* allocate(size_t bytes) {
    size_t index = small_class(bytes);
    Bin& bin = bins_[index];
    count(static_cast<int64_t>(index * kBlockAlign), 1);
    if (!bin.head) return allocate_from_pool(index);
    Block* block = bin.head;
    bin.head = block->next;
    --bin.count;
    return block;
  }

  void free(void* data, size_t bytes) noexcept {
    size_t index = small_class(bytes);
    Bin& bin = bins_[index];
    count(-static_cast<int64_t>(index * kBlockAlign), 0);
    bin.head = new (data) Block{bin.head};
    if (++bin.count > kBinBlocks) shrink(bin, index, kBinBlocks / 2);
  }

  void clear() noexcept;

  /// Bytes handed out less bytes freed by this thread, and its allocations.
  struct Counts {
    int64_t bytes, calls;
  };
  Counts counts() const {
    return {bytes_.load(std::memory_order_relaxed), calls_.load(std::memory_order_relaxed)};
  }
  /// The largest `bytes` since the last call. For the pool, from any thread.
  int64_t take_peak() {
    int64_t peak = peak_.load(std::memory_order_relaxed);
    peak_.store(bytes_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    return peak;
  }

 private:
  static constexpr uint32_t kBinBlocks = 64;
  struct Block {
    Block* next;
  };
  struct Bin {
    Block* head = nullptr;
    uint32_t count = 0;
  };

  // Only the owner writes; others read them for the statistics.
  void count(int64_t bytes, int64_t calls) {
    int64_t now = bytes_.load(std::memory_order_relaxed) + bytes;
    bytes_.store(now, std::memory_order_relaxed);
    if (now > peak_.load(std::memory_order_relaxed)) peak_.store(now, std::memory_order_relaxed);
    if (calls) calls_.store(calls_.load(std::memory_order_relaxed) + calls, std::memory_order_relaxed);
  }
  void* allocate_from_pool(size_t index);
  void shrink(Bin& bin, size_t index, uint32_t keep) noexcept;

  DevicePool& pool_;
  std::array<Bin, kSmallClasses> bins_{};
  std::atomic<int64_t> bytes_{0}, peak_{0}, calls_{0};
};

}  // namespace miai
