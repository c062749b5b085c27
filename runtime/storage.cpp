#include "runtime/storage.h"

#include <new>
#include <utility>

#include "kernels/common/error.h"
#include "runtime/allocator.h"

namespace miai {
namespace {

/// Storage objects that were deleted, kept by the thread for the next ones.
struct FreeObjects {
  struct Node {
    Node* next;
  };
  static constexpr int kMost = 256;
  Node* head = nullptr;
  int count = 0;
};
thread_local FreeObjects free_objects;
thread_local bool free_objects_ended = false;

struct FreeObjectsOwner {
  ~FreeObjectsOwner() {
    free_objects_ended = true;
    while (FreeObjects::Node* node = free_objects.head) {
      free_objects.head = node->next;
      ::operator delete(node);
    }
  }
};

bool keeps_objects() {
#ifdef __SANITIZE_ADDRESS__
  return false;  // so that the sanitizer sees use after free
#else
  thread_local FreeObjectsOwner owner;
  return !free_objects_ended;
#endif
}

struct Failure {
  ErrorKind kind = ErrorKind::kRuntime;
  std::string what;
};

Failure describe(const std::exception_ptr& cause) {
  try {
    std::rethrow_exception(cause);
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  } catch (const std::bad_alloc&) {
    return {ErrorKind::kMemory, "out of memory"};
  } catch (const std::exception& error) {
    return {ErrorKind::kRuntime, error.what()};
  } catch (...) {
    return {ErrorKind::kRuntime, "unknown failure"};
  }
}

}  // namespace

void* Storage::operator new(size_t bytes) {
  FreeObjects::Node* node = free_objects.head;
  if (!node) return ::operator new(bytes);
  free_objects.head = node->next;
  --free_objects.count;
  return node;
}

void Storage::operator delete(void* object) {
  if (free_objects.count >= FreeObjects::kMost || !keeps_objects()) return ::operator delete(object);
  free_objects.head = new (object) FreeObjects::Node{free_objects.head};
  ++free_objects.count;
}

IntrusivePtr<Storage> Storage::allocate(Device device, size_t bytes) {
  void* data = allocate_memory(device, bytes);
  try {
    return make_intrusive<Storage>(device, data, bytes, nullptr);
  } catch (...) {
    free_memory(device, data, bytes);
    throw;
  }
}

IntrusivePtr<Storage> Storage::import(Device device, void* data, size_t bytes,
                                      std::function<void()> release) {
  if (!release) release = [] {};  // an import is known by having one
  return make_intrusive<Storage>(device, data, bytes, std::move(release));
}

Storage::~Storage() {
  source_.reset();  // first: from here on nobody gives the memory up
  if (release_)
    release_();
  else if (data_)
    free_memory(device_, data_, bytes_);
}

void Storage::give_up() { free_memory(device_, std::exchange(data_, nullptr), bytes_); }

void Storage::take_memory(Storage& other) { data_ = std::exchange(other.data_, nullptr); }

void rethrow_error(const AsyncError& error) {
  Failure failure = describe(error.cause);
  bool names_op = failure.what.starts_with(error.op + ":");
  std::string text = names_op ? failure.what : error.op + ": " + failure.what;
  if (!error.user_line.empty()) text += " (queued at " + error.user_line + ")";
  throw Error(failure.kind, text);
}

void rethrow_error(const Storage& storage) {
  if (std::shared_ptr<const AsyncError> error = storage.error()) rethrow_error(*error);
}

}  // namespace miai
