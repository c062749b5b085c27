#include "runtime/queue_stream.h"

#include <chrono>

#include "runtime/cancel.h"

namespace miai {
namespace {

// A host that runs ahead by more tasks than this is held back, or their outputs would fill the memory. Not
// for longer than the slice at a time: a task may need a lock that the host holds.
constexpr size_t kMaxQueued = 1024;
constexpr std::chrono::milliseconds kHoldBack(50);

}  // namespace

QueueStream::QueueStream(Device device) : Stream(device), progress_(std::make_shared<Progress>(device)) {}

QueueStream::~QueueStream() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void QueueStream::submit(Task task) {
  progress_->check_not_forked();
  {
    std::unique_lock lock(mutex_);
    if (queue_.size() >= kMaxQueued)
      shorter_.wait_for(lock, kHoldBack, [&] { return queue_.size() < kMaxQueued; });
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    queue_.push_back(std::move(task));
    ++submitted_;
  }
  changed_.notify_one();
}

std::shared_ptr<Event> QueueStream::record() {
  progress_->check_not_forked();
  std::lock_guard lock(mutex_);
  return std::make_shared<ProgressEvent>(progress_, submitted_);
}

void QueueStream::wait(std::shared_ptr<Event> event) {
  if (event->is_done()) return;
  submit([event = std::move(event)] {
    CancelMask mask;  // a cancellation is for those who wait on the host
    event->synchronize();
  });
}

void QueueStream::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    if (queue_.size() + 1 == kMaxQueued) shorter_.notify_all();
    bool drop = ending_;
    lock.unlock();
    if (!drop) task();
    task = nullptr;  // what it held is free before anyone hears that it is done
    progress_->finish_one();
    lock.lock();
  }
}

}  // namespace miai
