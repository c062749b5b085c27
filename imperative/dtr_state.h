// What DTR knows, for its own files; read and changed under a DtrLock alone.
#pragma once
#include "imperative/dtr.h"
#include "imperative/evictable.h"

namespace miai {

struct DtrState {
  bool enabled = false;
  int deferring = 0;        // DeferScopes
  int64_t smallest = 4096;  // bytes; what is smaller is no gain
  double clock = 0;  // seconds of work, as the cost model counts them: evictions are the same in each run
  DtrStatistics statistics;

  static DtrState& instance();
  void update_in_use();
};

/// Makes the contents of a storage that lacks them again, and all that this takes.
void make_again(Evictable& missing);

}  // namespace miai
