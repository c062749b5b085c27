#include "imperative/value.h"

#include <cstring>
#include <vector>

#include "imperative/dispatch.h"
#include "imperative/dtr.h"
#include "imperative/recording.h"
#include "runtime/copy.h"
#include "runtime/launch.h"

namespace miai {
namespace {

thread_local bool free_list_ended = false;  // values that statics hold outlive their thread's list

/// Blocks of dead values, kept for the next: one list a thread, of bounded length.
class FreeList {
 public:
  ~FreeList() {
    free_list_ended = true;
    for (void* block : blocks_) ::operator delete(block);
  }
  void* take() {
    if (free_list_ended || blocks_.empty()) return nullptr;
    void* block = blocks_.back();
    blocks_.pop_back();
    return block;
  }
  bool put(void* block) {
    if (free_list_ended || blocks_.size() == kMost) return false;
    blocks_.push_back(block);
    return true;
  }

 private:
  static constexpr size_t kMost = 1024;
  std::vector<void*> blocks_;
};

FreeList& free_list() {
  thread_local FreeList list;
  return list;
}

}  // namespace

void* EagerValue::operator new(size_t bytes) {
  void* block = free_list().take();
  return block ? block : ::operator new(bytes);
}

void EagerValue::operator delete(void* memory) {
  if (!free_list().put(memory)) ::operator delete(memory);
}

uint64_t EagerValue::next_id() {
  // each thread takes ids by the block: no shared counter on the hot path
  constexpr uint64_t kBlock = 1u << 20;
  static std::atomic<uint64_t> next_block{1};
  thread_local uint64_t next = 0, end = 0;
  if (next == end) {
    next = next_block.fetch_add(1) * kBlock;
    end = next + kBlock;
  }
  return next++;
}

TensorType EagerValue::type() const {
  if (Recording* recording = Recording::current())
    if (const TensorType* type = recording->type_of(id)) return *type;
  return concrete_type();
}

ValuePtr value_from_host(DType dtype, const Shape& shape, Device device, const void* data) {
  TensorRef ref = allocate_tensor(dtype, shape, device);
  write_from_host(data, ref);
  return make_intrusive<EagerValue>(std::move(ref));
}

void copy_to_host(const EagerValue& value, void* out) {
  if (!value.ref.meta.is_dense()) {
    Var var(IntrusivePtr<VarBase>(const_cast<EagerValue*>(&value)));
    Vars dense = dispatch_unrecorded(find_op("copy"), Attrs(), std::span(&var, 1));
    copy_to_host(eager(dense[0]), out);
    return;
  }
  Pin pin(value);
  read_to_host(value.ref, out);
}

void wait_for(const EagerValue& value) { wait_readable(*value.ref.storage); }

void export_memory(const EagerValue& value) {
  Pin pin(value);
  wait_for(value);
  value.ref.storage->add_export();
}

}  // namespace miai
