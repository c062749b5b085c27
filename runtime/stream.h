// A stream runs work in order; events order work between streams.
#pragma once
#include <functional>
#include <memory>

#include "kernels/common/device.h"

namespace miai {

using Task =
    std::function<void()>;  // must not throw: failures are kept where the reader finds them (AsyncError)

/// A point in a stream's order.
class Event {
 public:
  virtual ~Event() = default;
  virtual bool is_done() const = 0;
  virtual void synchronize() = 0;  // blocks the host until done
};

class Stream {
 public:
  explicit Stream(Device device) : device_(device) {}
  virtual ~Stream() = default;
  Device device() const { return device_; }
  /// True for cpu:0: submit runs the task at once on the caller's thread.
  virtual bool is_inline() const = 0;
  virtual void submit(Task task) = 0;
  virtual std::shared_ptr<Event> record() = 0;
  /// Later work of this stream starts after the event.
  virtual void wait(std::shared_ptr<Event> event) = 0;
  /// Blocks the host until all submitted work is done.
  virtual void synchronize() = 0;

 private:
  Device device_;
};

}  // namespace miai
