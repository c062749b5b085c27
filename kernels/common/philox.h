// Philox4x32-10: counter-based random numbers (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy
// as 1, 2, 3; SC 2011). Word i of a ticket depends on seed, ticket and i alone.
#pragma once
#include <array>
#include <cstdint>

namespace miai::philox {

using Words = std::array<uint32_t, 4>;
using Key = std::array<uint32_t, 2>;

inline Words block(Words counter, Key key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t{0xD2511F53u} * counter[0], b = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

/// The numbers of one ticket.
class Ticket {
 public:
  Ticket(int64_t seed, int64_t ticket)
      : key_{low(seed), high(seed)}, ticket_low_(low(ticket)), ticket_high_(high(ticket)) {}
  /// From a generator's state and an operator's attribute.
  Ticket(const int64_t* state, int64_t stride, int64_t ticket)
      : Ticket(state[0],
               static_cast<int64_t>(static_cast<uint64_t>(state[stride]) + static_cast<uint64_t>(ticket))) {}

  /// Words 4 * i to 4 * i + 3.
  Words words(int64_t i) const { return block({low(i), high(i), ticket_low_, ticket_high_}, key_); }
  const Key& key() const { return key_; }
  /// The upper half of the counter of all blocks.
  Key upper() const { return {ticket_low_, ticket_high_}; }

 private:
  static uint32_t low(int64_t v) { return static_cast<uint32_t>(v); }
  static uint32_t high(int64_t v) { return static_cast<uint32_t>(static_cast<uint64_t>(v) >> 32); }
  Key key_;
  uint32_t ticket_low_, ticket_high_;
};

}  // namespace miai::philox
