// The stream of device cpu: work runs at once on the caller's thread.
#pragma once
#include "runtime/stream.h"

namespace miai {

class InlineStream : public Stream {
 public:
  using Stream::Stream;
  bool is_inline() const override { return true; }
  void submit(Task task) override { task(); }
  std::shared_ptr<Event> record() override;
  void wait(std::shared_ptr<Event> event) override { event->synchronize(); }
  void synchronize() override {}
};

}  // namespace miai
