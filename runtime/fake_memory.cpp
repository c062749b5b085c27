#include "runtime/fake_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <iterator>
#include <map>
#include <mutex>

#include "kernels/common/error.h"

namespace miai {
namespace {

constexpr size_t kArenaBytes = size_t{1} << 30;
constexpr size_t kPage = 4096;

size_t round_to_page(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

/// One region of address space; pages are handed out from the first gap that is large enough.
class Arena {
 public:
  Arena() {
    void* base = mmap(nullptr, kArenaBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) raise(ErrorKind::kMemory, "fake: no address space for the device's memory");
    base_ = static_cast<char*>(base);
    gaps_[0] = kArenaBytes;
  }

  void* allocate(size_t bytes) {
    std::lock_guard lock(mutex_);
    if (bytes > kArenaBytes) return nullptr;
    size_t size = round_to_page(bytes == 0 ? 1 : bytes);
    for (auto gap = gaps_.begin(); gap != gaps_.end(); ++gap) {
      auto [offset, free] = *gap;
      if (free < size) continue;
      gaps_.erase(gap);
      if (free > size) gaps_[offset + size] = free - size;
      if (offset + size > used_) grow_used(offset + size);
      poison(offset, size);
      return base_ + offset;
    }
    return nullptr;
  }

  void free(void* data, size_t bytes) {
    std::lock_guard lock(mutex_);
    size_t offset = static_cast<size_t>(static_cast<char*>(data) - base_);
    size_t size = round_to_page(bytes == 0 ? 1 : bytes);
    poison(offset, size);
    auto gap = gaps_.emplace(offset, size).first;
    if (auto next = std::next(gap); next != gaps_.end() && next->first == offset + size) {
      gap->second += next->second;
      gaps_.erase(next);
    }
    if (gap == gaps_.begin()) return;
    if (auto before = std::prev(gap); before->first + before->second == offset) {
      before->second += gap->second;
      gaps_.erase(gap);
    }
  }

  void open() {
    std::lock_guard lock(mutex_);
    if (opened_++ == 0) protect(0, used_, PROT_READ | PROT_WRITE);
  }

  void close() {
    std::lock_guard lock(mutex_);
    if (--opened_ == 0) protect(0, used_, PROT_NONE);
  }

 private:
  void protect(size_t offset, size_t size, int access) {
    if (size > 0 && mprotect(base_ + offset, size, access) != 0)
      raise(ErrorKind::kRuntime, "fake: cannot change the protection of the device's memory");
  }

  void grow_used(size_t end) {
    if (opened_ > 0) protect(used_, end - used_, PROT_READ | PROT_WRITE);
    used_ = end;
  }

  void poison(size_t offset, size_t size) {
    if (opened_ == 0) protect(offset, size, PROT_READ | PROT_WRITE);
    std::memset(base_ + offset, kFakePoison, size);
    if (opened_ == 0) protect(offset, size, PROT_NONE);
  }

  std::mutex mutex_;
  char* base_ = nullptr;
  size_t used_ = 0;  // what was ever handed out lies below
  int opened_ = 0;
  std::map<size_t, size_t> gaps_;  // offset and size
};

Arena& arena() {
  static Arena* const instance = new Arena;  // never destroyed: storages may outlive static objects
  return *instance;
}

}  // namespace

void* fake_allocate(size_t bytes) { return arena().allocate(bytes); }
void fake_free(void* data, size_t bytes) { arena().free(data, bytes); }
void open_fake_memory() { arena().open(); }
void close_fake_memory() { arena().close(); }

}  // namespace miai
