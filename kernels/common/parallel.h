// Intra-operator parallelism: one core budget for the process, one way to use it.
#pragma once
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace miai {

/// A reference to a callable: no allocation, must not outlive what it refers to.
template <class Signature>
class FunctionRef;
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
  FunctionRef(F&& f)  // NOLINT: any callable is one
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}
  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

/// Threads that one operator may use: the process's number (MIAI_NUM_THREADS, else the cores at hand), or the
/// one of the innermost ThreadCountScope of this thread.
int thread_count();
void set_thread_count(int threads);

/// Another number of threads for what this thread runs while it lives; 0: no other.
class ThreadCountScope {
 public:
  explicit ThreadCountScope(int threads);
  ~ThreadCountScope();
  ThreadCountScope(const ThreadCountScope&) = delete;
  ThreadCountScope& operator=(const ThreadCountScope&) = delete;

 private:
  int previous_;
};

/// Runs body(begin, end) over pieces of [begin, end) of at least `grain` indices, on the threads at hand.
/// When called from inside another parallel_for, in a forked child, or while another thread of the process
/// holds the budget, the same pieces run one after the other on the caller's thread. The split depends only
/// on the range, grain and thread_count(), so who ran the pieces changes no bit. If pieces throw, the
/// exception of the first one (in the range's order) reaches the caller after all have ended.
void parallel_for(int64_t begin, int64_t end, int64_t grain, FunctionRef<void(int64_t, int64_t)> body);

/// Held while a library with threads of its own (oneDNN) runs: gives it the budget, or one thread if it is
/// taken. A library whose prepared state is made for a number of threads needs one for count() == 1 too.
class LibraryThreads {
 public:
  LibraryThreads();
  ~LibraryThreads();
  /// Threads that the library may use: thread_count(), or 1.
  int count() const;
  LibraryThreads(const LibraryThreads&) = delete;
  LibraryThreads& operator=(const LibraryThreads&) = delete;

 private:
  int previous_;
  bool owner_;
};

}  // namespace miai
