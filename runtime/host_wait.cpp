#include "runtime/host_wait.h"

namespace miai {

namespace {
HostWaitHooks hooks;
}  // namespace

void set_host_wait_hooks(HostWaitHooks chosen) { hooks = chosen; }

HostWait::HostWait() {
  if (hooks.begin) held_ = hooks.begin();
}
HostWait::~HostWait() {
  if (held_) hooks.end(held_);
}

}  // namespace miai
