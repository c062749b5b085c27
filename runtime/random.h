// The state of a random generator, as it lies in a tensor of two int64: seed and next ticket.
#pragma once
#include <array>
#include <cstdint>

namespace miai {

/// Where the words of the state lie. Each random operator takes one ticket, whatever its size; element i of
/// its result is Philox(seed, ticket, i).
enum class RandomWord { kSeed, kNextTicket };
using RandomState = std::array<int64_t, 2>;

inline RandomState initial_random_state(int64_t seed) { return {seed, 0}; }

}  // namespace miai
