// A block of device memory, shared by the tensors that read it.
#pragma once
#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "kernels/common/device.h"
#include "runtime/intrusive_ptr.h"

namespace miai {

/// Why the contents of a storage never came to be: the failure of the queued work that should have written
/// them.
struct AsyncError {
  std::exception_ptr cause;
  std::string op;         // "conv2d"
  std::string user_line;  // "train.py:17", empty if unknown
};

/// Knows how a storage's contents came to be, so that they may be given up and made again (imperative/dtr.h).
class ContentSource {
 public:
  ContentSource() = default;
  virtual ~ContentSource() = default;
  ContentSource(const ContentSource&) = delete;
  ContentSource& operator=(const ContentSource&) = delete;
};

class Storage : public RefCounted {
 public:
  /// Uninitialised memory of at least `bytes` from the device's caching allocator; raises MemoryError.
  static IntrusivePtr<Storage> allocate(Device device, size_t bytes);
  /// Memory that somebody else owns; never written by us. `release` runs when the last reader is gone.
  static IntrusivePtr<Storage> import(Device device, void* data, size_t bytes, std::function<void()> release);
  ~Storage() override;

  void* data() const { return data_; }  // nullptr while the contents are given up
  size_t bytes() const { return bytes_; }
  Device device() const { return device_; }

  bool is_imported() const { return static_cast<bool>(release_); }
  /// Exported memory (DLPack, NumPy views) is never donated, reused or folded while a holder lives.
  void add_export() { exports_.fetch_add(1); }
  void remove_export() { exports_.fetch_sub(1); }
  /// Whether a sole owner may overwrite it.
  bool is_writable() const { return !is_imported() && exports_.load() == 0; }

  /// Set by failed work on the device's stream, read by dependants and by the host. nullptr takes it away,
  /// when the memory has been written anew.
  void set_error(std::shared_ptr<const AsyncError> error) {
    std::atomic_store(&error_, std::move(error));
    failed_.store(true);
  }
  std::shared_ptr<const AsyncError> error() const {
    return failed_.load() ? std::atomic_load(&error_) : nullptr;
  }

  /// Whoever sets and reads the source, and gives contents up, keeps other threads from doing so meanwhile.
  ContentSource* source() const { return source_.get(); }
  std::unique_ptr<ContentSource> set_source(std::unique_ptr<ContentSource> source) {
    source_.swap(source);
    return source;
  }
  bool is_resident() const { return data_ != nullptr; }
  /// Gives the memory back; the contents are to be made again before somebody reads them.
  void give_up();
  /// Takes over the memory of another storage of the same size, which is left without.
  void take_memory(Storage& other);

  /// Objects come from a free list of the thread.
  static void* operator new(size_t bytes);
  static void operator delete(void* object);

  Storage(Device device, void* data, size_t bytes, std::function<void()> release)
      : device_(device), data_(data), bytes_(bytes), release_(std::move(release)) {}

 private:
  Device device_;
  void* data_;
  size_t bytes_;
  std::function<void()> release_;
  std::unique_ptr<ContentSource> source_;
  std::atomic<int> exports_{0};
  std::atomic<bool> failed_{false};
  std::shared_ptr<const AsyncError> error_;
};

/// Raises a storage's error, if it has one, with op and user line in the message.
[[noreturn]] void rethrow_error(const AsyncError& error);
void rethrow_error(const Storage& storage);

}  // namespace miai
