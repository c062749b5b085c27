// How far a stream has come: a count of finished tasks that others can wait for.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "kernels/common/fork.h"
#include "runtime/stream.h"

namespace miai {

class Progress {
 public:
  explicit Progress(Device device) : device_(device) {}
  void finish_one();
  bool reached(uint64_t count) const { return finished_.load(std::memory_order_acquire) >= count; }
  /// Blocks until `count` tasks are finished; raises Error(kCancelled) on request_cancel.
  void wait_for(uint64_t count);
  /// Raises RuntimeError in a process that was forked after this was made: the stream's thread is not there.
  void check_not_forked() const;

 private:
  Device device_;
  int generation_ = fork_generation();
  std::atomic<uint64_t> finished_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// The point of a stream at which `count` tasks are finished. May outlive the stream.
class ProgressEvent : public Event {
 public:
  ProgressEvent(std::shared_ptr<Progress> progress, uint64_t count)
      : progress_(std::move(progress)), count_(count) {}
  bool is_done() const override { return progress_->reached(count_); }
  void synchronize() override { progress_->wait_for(count_); }

 private:
  std::shared_ptr<Progress> progress_;
  uint64_t count_;
};

}  // namespace miai
