#include "runtime/thread_cache.h"

namespace miai {

ThreadCache::~ThreadCache() {
  clear();
  pool_.detach(this);
}

void ThreadCache::clear() noexcept {
  for (size_t index = 0; index < bins_.size(); ++index) shrink(bins_[index], index, 0);
}

void* ThreadCache::allocate_from_pool(size_t index) {
  try {
    return pool_.take_block(index * kBlockAlign);
  } catch (...) {
    count(-static_cast<int64_t>(index * kBlockAlign), 0);
    throw;
  }
}

void ThreadCache::shrink(Bin& bin, size_t index, uint32_t keep) noexcept {
  while (bin.count > keep) {
    Block* block = bin.head;
    bin.head = block->next;
    --bin.count;
    pool_.return_block(block, index * kBlockAlign);
  }
}

}  // namespace miai
