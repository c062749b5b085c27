#include "kernels/common/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "kernels/common/core_count.h"
#include "kernels/common/error.h"
#include "kernels/common/fork.h"

#ifdef _OPENMP
#include <omp.h>
#else
#include <thread>
#include <vector>
#endif

namespace miai {
namespace {

// The OpenMP runtime keeps a team of workers for each thread that ever opened a parallel region, until that
// thread ends. So that live threads stay bounded, only so many threads may own a team; the others run alone.
constexpr int kMaxTeams = 8;
// Where the grain is a multiple of this, pieces start at multiples of it: no cache line is shared, and vector
// loops have their tails in the same place whatever the number of threads.
constexpr int64_t kAlign = 64;

thread_local int scoped_thread_count = 0;  // of the innermost ThreadCountScope; 0: none
std::atomic<bool> budget_taken{false};
std::atomic<int> teams{0};

/// A thread's share in kMaxTeams, given back when the thread ends.
struct TeamSlot {
  bool held = false;
  bool acquire() {
    if (held) return true;
    if (teams.fetch_add(1) >= kMaxTeams) {
      teams.fetch_sub(1);
      return false;
    }
    return held = true;
  }
  ~TeamSlot() {
    if (held) teams.fetch_sub(1);
  }
};
thread_local TeamSlot team_slot;

void release_budget() { budget_taken.store(false); }

/// Whether this thread may use all cores now; if so, it has taken the budget. Inside another region it is
/// taken already.
bool take_budget() {
  if (fork_generation() > 0 || thread_count() == 1) return false;
  if (budget_taken.load(std::memory_order_relaxed) || budget_taken.exchange(true)) return false;
  if (team_slot.acquire()) return true;
  release_budget();
  return false;
}

struct Split {
  int64_t begin, count, align;
  int pieces;

  /// Where piece i begins; that of `pieces` is the end of the range.
  int64_t start(int i) const {
    if (i == pieces) return begin + count;
    int64_t units = count / align;
    return begin + (units / pieces * i + std::min<int64_t>(i, units % pieces)) * align;
  }
};

/// Keeps the failure of the first piece, so that which one the caller sees does not depend on timing.
class FirstFailure {
 public:
  void keep(int piece) {
    std::lock_guard lock(mutex_);
    if (cause_ && piece_ < piece) return;
    cause_ = std::current_exception();
    piece_ = piece;
  }
  void rethrow() const {
    if (cause_) std::rethrow_exception(cause_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr cause_;
  int piece_ = 0;
};

using Body = FunctionRef<void(int64_t, int64_t)>;

void run_pieces(const Split& split, int first, int step, const Body& body, FirstFailure& failure) {
  for (int i = first; i < split.pieces; i += step) {
    try {
      body(split.start(i), split.start(i + 1));
    } catch (...) {
      failure.keep(i);
      return;
    }
  }
}

// The workers count threads as their caller does: a parallel_for within a piece splits alike on all of them.
#ifdef _OPENMP
void run_on_team(const Split& split, const Body& body, FirstFailure& failure) {
  const int threads = thread_count();
  // Always the whole team: the runtime ends and restarts workers when the size of a team changes.
#pragma omp parallel num_threads(threads)
  {
    ThreadCountScope scope(threads);
    run_pieces(split, omp_get_thread_num(), omp_get_num_threads(), body, failure);
  }
}
#else
// Builds without OpenMP (thread sanitizer) start threads for each call: slow, and as concurrent as a team.
void run_on_team(const Split& split, const Body& body, FirstFailure& failure) {
  auto run_one = [&, threads = thread_count()](int piece) {
    ThreadCountScope scope(threads);
    run_pieces(split, piece, split.pieces, body, failure);
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < split.pieces; ++i) threads.emplace_back(run_one, i);
  run_one(0);
  for (std::thread& thread : threads) thread.join();
}
#endif

std::atomic<int>& thread_count_setting() {
  static std::atomic<int> count{default_thread_count()};
  return count;
}

#ifdef _OPENMP
int library_threads() { return omp_get_max_threads(); }
void set_library_threads(int threads) { omp_set_num_threads(threads); }
#else
int library_threads() { return 1; }
void set_library_threads(int) {}
#endif

}  // namespace

int thread_count() {
  if (scoped_thread_count) return scoped_thread_count;
  return thread_count_setting().load(std::memory_order_relaxed);
}

void set_thread_count(int threads) {
  if (threads < 1 || threads > kMaxThreads)
    raise(ErrorKind::kValue, "set_thread_count: argument 'threads': expected 1 to ", kMaxThreads, ", got ",
          threads);
  thread_count_setting().store(threads);
}

ThreadCountScope::ThreadCountScope(int threads) : previous_(scoped_thread_count) {
  if (threads < 0 || threads > kMaxThreads)
    raise(ErrorKind::kValue, "argument 'threads': expected 1 to ", kMaxThreads,
          ", or 0 for the process's number, got ", threads);
  if (threads) scoped_thread_count = threads;
}
ThreadCountScope::~ThreadCountScope() { scoped_thread_count = previous_; }

void parallel_for(int64_t begin, int64_t end, int64_t grain, Body body) {
  int64_t count = end - begin;
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  if (count / 2 < grain) return body(begin, end);
  int pieces = static_cast<int>(std::min<int64_t>(thread_count(), count / grain));
  if (pieces == 1) return body(begin, end);
  Split split{begin, count, grain % kAlign == 0 ? kAlign : 1, pieces};
  if (!take_budget()) {
    for (int i = 0; i < pieces; ++i) body(split.start(i), split.start(i + 1));
    return;
  }
  FirstFailure failure;
  run_on_team(split, body, failure);
  release_budget();
  failure.rethrow();
}

LibraryThreads::LibraryThreads() : previous_(library_threads()), owner_(take_budget()) {
  set_library_threads(count());
}

LibraryThreads::~LibraryThreads() {
  set_library_threads(previous_);
  if (owner_) release_budget();
}

int LibraryThreads::count() const { return owner_ ? thread_count() : 1; }

}  // namespace miai
