#include "imperative/dtr.h"

#include <pthread.h>

#include <mutex>
#include <new>
#include <sstream>

#include "imperative/dtr_state.h"
#include "imperative/tape.h"
#include "runtime/allocator.h"
#include "runtime/host_wait.h"

namespace miai {

std::atomic<bool> dtr::in_use{false};

namespace {

thread_local std::weak_ptr<const RecipeScope> g_scope;

std::recursive_mutex& mutex();

void lock() {
  if (mutex().try_lock()) return;
  HostWait wait;  // who has the lock may want the one that this thread holds for a language above
  mutex().lock();
}

std::recursive_mutex& mutex() {
  static auto* const made = [] {
    // A fork must not happen while another thread is in the middle of a change. In the child the thread that
    // has the lock is not the same to the system, so it can't be given back there.
    pthread_atfork(lock, [] { mutex().unlock(); }, [] { new (&mutex()) std::recursive_mutex; });
    return new std::recursive_mutex;  // NOLINT: storages may outlive static objects
  }();
  return *made;
}

Evictable* cheapest(double now) {
  Evictable* best = nullptr;
  double least = 0;
  for (Evictable* evictable : Evictable::all()) {
    if (!evictable->can_go()) continue;
    double score = evictable->score(now);
    if (best && score >= least) continue;
    best = evictable;
    least = score;
  }
  return best;
}

void evict(Evictable& evictable, DtrStatistics& statistics) {
  evictable.evict();
  ++statistics.evictions;
  statistics.evicted_bytes += static_cast<int64_t>(evictable.storage.bytes());
}

/// The allocator's last resort.
std::optional<std::string> reclaim(Device device, size_t bytes, int64_t missing) {
  if (!(device == Device{})) return "";
  DtrLock lock;
  DtrState& state = DtrState::instance();
  int64_t freed = 0;
  while (freed < missing) {
    Evictable* evictable = cheapest(state.clock);
    if (!evictable) break;
    freed += static_cast<int64_t>(evictable->storage.bytes());
    evict(*evictable, state.statistics);
  }
  if (freed > 0) return std::nullopt;
  std::ostringstream why;
  why << "dtr has given up all that can be computed again: for the operands of this operator and what must "
         "stay, the limit has to be at least "
      << memory_stats(device).allocated + static_cast<int64_t>(bytes) << " bytes";
  return why.str();
}

}  // namespace

DtrLock::DtrLock() { lock(); }
DtrLock::~DtrLock() { mutex().unlock(); }

DtrState& DtrState::instance() {
  static auto* const state = new DtrState;  // NOLINT: storages may outlive static objects
  return *state;
}

void DtrState::update_in_use() { dtr::in_use.store(enabled || deferring > 0 || !Evictable::all().empty()); }

void enable_dtr() {
  DtrLock lock;
  DtrState& state = DtrState::instance();
  state.enabled = true;
  state.update_in_use();
  set_memory_reclaimer(reclaim);
}

void disable_dtr() {
  DtrLock lock;
  DtrState& state = DtrState::instance();
  state.enabled = false;
  state.update_in_use();
  set_memory_reclaimer(nullptr);
}

bool dtr_is_enabled() {
  DtrLock lock;
  return DtrState::instance().enabled;
}

void set_smallest_evictee(int64_t bytes) {
  DtrLock lock;
  DtrState::instance().smallest = bytes;
}

int64_t smallest_evictee() {
  DtrLock lock;
  return DtrState::instance().smallest;
}

DtrStatistics dtr_statistics() {
  DtrLock lock;
  return DtrState::instance().statistics;
}

void reset_dtr_statistics() {
  DtrLock lock;
  DtrState::instance().statistics = {};
}

int64_t evict_all() {
  DtrLock lock;
  int64_t count = 0;
  for (Evictable* evictable : Evictable::all()) {
    if (!evictable->can_go()) continue;
    evict(*evictable, DtrState::instance().statistics);
    ++count;
  }
  return count;
}

Pin::Pin(IntrusivePtr<Storage> storage) : storage_(std::move(storage)) {
  if (!dtr_in_use()) return;
  DtrLock lock;
  Evictable* evictable = Evictable::of(*storage_);
  if (!evictable) return;
  ++evictable->pins;
  evictable->last_used = DtrState::instance().clock;
  if (storage_->is_resident()) return;
  try {
    make_again(*evictable);
  } catch (...) {
    --evictable->pins;
    throw;
  }
  if (evictable->scope == 0) storage_->set_source(nullptr);  // its scope has ended: it stays from now on
}

Pin::~Pin() {
  if (!storage_ || !dtr_in_use()) return;
  DtrLock lock;
  if (Evictable* evictable = Evictable::of(*storage_)) --evictable->pins;
}

void keep_resident(Storage& storage) {
  if (!dtr_in_use()) return;
  DtrLock lock;
  Pin pin{IntrusivePtr<Storage>(&storage)};
  storage.set_source(nullptr);
}

std::shared_ptr<const RecipeScope> RecipeScope::enter() {
  if (!dtr_in_use() || !dtr_is_enabled()) return nullptr;
  std::shared_ptr<const RecipeScope> scope = g_scope.lock();
  if (!scope) g_scope = scope = std::make_shared<const RecipeScope>();
  return scope;
}

RecipeScope::RecipeScope()
    : serial([] {
        static std::atomic<uint64_t> last{0};
        return ++last;
      }()) {}

RecipeScope::~RecipeScope() {
  DtrLock lock;
  std::vector<IntrusivePtr<Storage>> ended;
  for (Evictable* evictable : Evictable::all()) {
    if (evictable->scope != serial) continue;
    evictable->scope = 0;
    if (evictable->storage.is_resident() && evictable->storage.try_retain())
      ended.push_back(IntrusivePtr<Storage>::adopt(&evictable->storage));
  }
  for (const IntrusivePtr<Storage>& storage : ended) storage->set_source(nullptr);
}

void remember_call(const std::shared_ptr<const CallPlan>& plan, std::span<const Var> inputs,
                   const Vars& outputs) {
  if (!any_tape_is_active() || !plan->choice.kernel || !plan->op->may_repeat() || !(plan->device == Device{}))
    return;
  DtrLock lock;
  DtrState& state = DtrState::instance();
  std::shared_ptr<const RecipeScope> scope = state.enabled ? g_scope.lock() : nullptr;
  if (!scope) return;
  RecipePtr recipe;
  for (size_t i = 0; i < outputs.size(); ++i) {
    Storage& storage = *eager(outputs[i]).ref.storage;
    if (static_cast<int64_t>(storage.bytes()) < state.smallest) continue;
    if (!recipe) recipe = make_intrusive<Recipe>(plan, inputs, true);
    auto evictable = std::make_unique<Evictable>(storage, recipe, i, scope->serial);
    evictable->last_used = state.clock + recipe->seconds;
    storage.set_source(std::move(evictable));
  }
  if (recipe) state.clock += recipe->seconds;
}

}  // namespace miai
