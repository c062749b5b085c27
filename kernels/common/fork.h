// Threads do not survive fork(): how code that owns threads finds out that it runs in a child.
#pragma once

namespace miai {

/// 0 in a process that was started, 1 in a child that it forked, 2 in a child of that one, and so on.
int fork_generation();

}  // namespace miai
