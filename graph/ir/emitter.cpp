#include "graph/ir/emitter.h"

#include "kernels/common/error.h"

namespace miai {
namespace {
thread_local Emitter* g_current = nullptr;
}

Emitter& Emitter::current() {
  if (!g_current) raise(ErrorKind::kRuntime, "no emitter is in force: operators cannot be called here");
  return *g_current;
}

EmitterScope::EmitterScope(Emitter* emitter) : previous_(g_current) { g_current = emitter; }
EmitterScope::~EmitterScope() { g_current = previous_; }

}  // namespace miai
