// Streams of the fake device. No thread runs them: a task runs when somebody waits for it, or, now and then,
// early inside submit; among streams the next one is drawn at random. So the order is as hostile as a real
// device's may be, and for one seed always the same.
#pragma once
#include <atomic>
#include <deque>
#include <memory>

#include "runtime/stream.h"

namespace miai {

class FakeStream : public Stream {
 public:
  explicit FakeStream(Device device);
  ~FakeStream() override;
  bool is_inline() const override { return false; }
  void submit(Task task) override;
  std::shared_ptr<Event> record() override;
  void wait(std::shared_ptr<Event> event) override;
  void synchronize() override { record()->synchronize(); }

  /// A task, or an event that must be done before the stream goes on.
  struct Item {
    Task task;
    std::shared_ptr<Event> event;
  };

 private:
  friend class FakeScheduler;
  std::deque<Item> queue_;
  uint64_t submitted_ = 0;
  std::shared_ptr<std::atomic<uint64_t>> finished_;
};

/// Starts the sequence of random choices anew; MIAI_FAKE_SEED gives the first seed (0 if unset).
void seed_fake_streams(uint64_t seed);

}  // namespace miai
