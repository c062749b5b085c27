// Shared ownership with the count inside the object: one allocation, one word a pointer.
#pragma once
#include <atomic>
#include <cstddef>
#include <utility>

namespace miai {

class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;
  virtual ~RefCounted() = default;

  /// The first share of a new object, which no other thread can see yet.
  void retain_first() const { count_.store(1, std::memory_order_relaxed); }
  void retain() const { count_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    // A sole owner needs no atomic exchange: nobody else can take a share.
    if (count_.load(std::memory_order_acquire) == 1 || count_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }
  /// Takes a share unless the last one is gone already (the object is being destroyed).
  bool try_retain() const {
    int count = count_.load(std::memory_order_relaxed);
    while (count > 0)
      if (count_.compare_exchange_weak(count, count + 1, std::memory_order_acquire)) return true;
    return false;
  }
  int use_count() const { return count_.load(std::memory_order_acquire); }

 private:
  mutable std::atomic<int> count_{0};
};

template <class T>
class IntrusivePtr {
 public:
  IntrusivePtr() = default;
  IntrusivePtr(std::nullptr_t) {}              // NOLINT: null is a pointer
  IntrusivePtr(T* object) : object_(object) {  // NOLINT: takes a share
    if (object_) object_->retain();
  }
  /// Takes over a share that was counted already.
  static IntrusivePtr adopt(T* object) {
    IntrusivePtr pointer;
    pointer.object_ = object;
    return pointer;
  }
  IntrusivePtr(const IntrusivePtr& other) : IntrusivePtr(other.object_) {}
  IntrusivePtr(IntrusivePtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
  IntrusivePtr(const IntrusivePtr<U>& other) : IntrusivePtr(other.get()) {}  // NOLINT: to a base class
  IntrusivePtr& operator=(IntrusivePtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~IntrusivePtr() {
    if (object_) object_->release();
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  friend bool operator==(const IntrusivePtr& a, const IntrusivePtr& b) { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

template <class T, class... Args>
IntrusivePtr<T> make_intrusive(Args&&... args) {
  T* object = new T(std::forward<Args>(args)...);
  object->retain_first();
  return IntrusivePtr<T>::adopt(object);
}

}  // namespace miai
