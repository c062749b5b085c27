// How many cores this process may use.
#pragma once

namespace miai {

/// MIAI_NUM_THREADS if set, else OMP_NUM_THREADS, else the cores that affinity and the control group allow.
/// Raises ValueError if MIAI_NUM_THREADS is not a number from 1 to 1024.
int default_thread_count();

/// The largest number of threads that may be asked for.
inline constexpr int kMaxThreads = 1024;

}  // namespace miai
