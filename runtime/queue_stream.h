// The stream of devices cpu:1, cpu:2, ...: a queue, and a thread that works it off in order.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "runtime/progress.h"

namespace miai {

class QueueStream : public Stream {
 public:
  explicit QueueStream(Device device);
  /// Ends the thread after the task that runs now; what has not begun is dropped, since nobody can read it.
  ~QueueStream() override;
  bool is_inline() const override { return false; }
  void submit(Task task) override;
  std::shared_ptr<Event> record() override;
  void wait(std::shared_ptr<Event> event) override;
  void synchronize() override { record()->synchronize(); }

 private:
  void work();

  std::shared_ptr<Progress> progress_;
  std::mutex mutex_;
  std::condition_variable changed_, shorter_;
  std::deque<Task> queue_;
  uint64_t submitted_ = 0;
  bool ending_ = false;
  std::thread thread_;  // started by the first task
};

}  // namespace miai
