// Deterministic mode: results that do not depend on the number of threads, and nothing is measured.
#pragma once

namespace miai {

/// Whether only kernels whose bits do not depend on the number of threads are chosen. At first as
/// MIAI_DETERMINISTIC says (1: on).
bool is_deterministic();
/// For what is chosen from now on; what has been chosen in the other mode is kept apart.
void set_deterministic(bool on);

}  // namespace miai
