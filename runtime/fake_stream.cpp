#include "runtime/fake_stream.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <random>
#include <vector>

#include "kernels/common/error.h"
#include "runtime/cancel.h"
#include "runtime/host_wait.h"

namespace miai {

namespace {
thread_local bool inside_scheduler = false;  // a task, or a look at events, of this thread is under way
constexpr size_t kMaxPending = 256;          // more than this are worked off by submit
constexpr int kEarlyOneIn = 4;               // how often submit and polling run a task
}  // namespace

/// Draws the next task among all streams whose next item may run; one host thread at a time runs tasks.
class FakeScheduler {
 public:
  static FakeScheduler& instance() {
    static FakeScheduler* const scheduler = new FakeScheduler;  // never destroyed: streams live until exit
    return *scheduler;
  }

  void seed(uint64_t value) {
    std::lock_guard lock(mutex_);
    random_.seed(value);
  }
  void add(FakeStream* stream) {
    std::lock_guard lock(mutex_);
    streams_.push_back(stream);
  }
  void remove(FakeStream* stream) {
    std::lock_guard lock(mutex_);
    std::erase(streams_, stream);
  }
  uint64_t submitted(const FakeStream& stream) {
    std::lock_guard lock(mutex_);
    return stream.submitted_;
  }

  void push(FakeStream& stream, FakeStream::Item item) {
    std::unique_lock lock(mutex_);
    stream.queue_.push_back(std::move(item));
    ++stream.submitted_;
    if (inside_scheduler || running_) return;
    while (pending() > kMaxPending && run_one(lock)) continue;
    maybe_run_one(lock);
  }

  void poll() {
    std::unique_lock lock(mutex_);
    if (!inside_scheduler && !running_) maybe_run_one(lock);
  }

  void run_until(const std::atomic<uint64_t>& finished, uint64_t count) {
    constexpr std::chrono::microseconds kSlice(200);
    if (finished.load() >= count) return;
    HostWait wait;
    std::unique_lock lock(mutex_);
    while (finished.load() < count) {
      if (inside_scheduler) raise(ErrorKind::kRuntime, "fake: a task waits for a stream of its own device");
      check_cancelled();
      if (running_ || !run_one(lock)) changed_.wait_for(lock, kSlice);
    }
  }

 private:
  FakeScheduler() {
    const char* text = std::getenv("MIAI_FAKE_SEED");
    random_.seed(text ? std::strtoull(text, nullptr, 10) : 0);
  }

  size_t pending() const {
    size_t count = 0;
    for (const FakeStream* stream : streams_) count += stream->queue_.size();
    return count;
  }

  void maybe_run_one(std::unique_lock<std::mutex>& lock) {
    if (random_() % kEarlyOneIn == 0) run_one(lock);
  }

  /// Runs one task or passes one event, of a stream drawn at random; false if all streams wait or are empty.
  bool run_one(std::unique_lock<std::mutex>& lock) {
    inside_scheduler = true;
    std::vector<FakeStream*> ready;
    for (FakeStream* stream : streams_)
      if (!stream->queue_.empty() && may_run(stream->queue_.front())) ready.push_back(stream);
    if (!ready.empty()) run_front(*ready[random_() % ready.size()], lock);
    inside_scheduler = false;
    return !ready.empty();
  }

  static bool may_run(const FakeStream::Item& item) { return !item.event || item.event->is_done(); }

  void run_front(FakeStream& stream, std::unique_lock<std::mutex>& lock) {
    FakeStream::Item item = std::move(stream.queue_.front());
    stream.queue_.pop_front();
    std::shared_ptr<std::atomic<uint64_t>> finished = stream.finished_;
    running_ = true;
    lock.unlock();
    if (item.task) item.task();
    item = {};  // what it held is free before anyone hears that it is done
    lock.lock();
    running_ = false;
    finished->fetch_add(1);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<FakeStream*> streams_;
  std::mt19937_64 random_;
  bool running_ = false;  // some thread runs a task now
};

namespace {

class FakeEvent : public Event {
 public:
  FakeEvent(std::shared_ptr<std::atomic<uint64_t>> finished, uint64_t count)
      : finished_(std::move(finished)), count_(count) {}
  bool is_done() const override {
    // Polling makes progress, or a loop around it would never end.
    if (finished_->load() < count_ && !inside_scheduler) FakeScheduler::instance().poll();
    return finished_->load() >= count_;
  }
  void synchronize() override { FakeScheduler::instance().run_until(*finished_, count_); }

 private:
  std::shared_ptr<std::atomic<uint64_t>> finished_;
  uint64_t count_;
};

}  // namespace

FakeStream::FakeStream(Device device)
    : Stream(device), finished_(std::make_shared<std::atomic<uint64_t>>(0)) {
  FakeScheduler::instance().add(this);
}
FakeStream::~FakeStream() { FakeScheduler::instance().remove(this); }

void FakeStream::submit(Task task) { FakeScheduler::instance().push(*this, {std::move(task), nullptr}); }

std::shared_ptr<Event> FakeStream::record() {
  return std::make_shared<FakeEvent>(finished_, FakeScheduler::instance().submitted(*this));
}

void FakeStream::wait(std::shared_ptr<Event> event) {
  FakeScheduler::instance().push(*this, {nullptr, std::move(event)});
}

void seed_fake_streams(uint64_t seed) { FakeScheduler::instance().seed(seed); }

}  // namespace miai
