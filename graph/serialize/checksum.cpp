#include "graph/serialize/checksum.h"

#include <xxhash.h>

#include <memory>

#include "graph/serialize/safetensors_names.h"

namespace miai {
namespace {

std::string to_text(XXH64_hash_t hash) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4) text[i] = digits[hash & 15];
  return text;
}

}  // namespace

std::string checksum(const void* data, size_t bytes) { return to_text(XXH3_64bits(data, bytes)); }

std::string header_checksum(std::string_view header) {
  const std::string key = "\"" + std::string(kHeaderChecksum) + "\":\"";
  const size_t found = header.find(key);
  if (found == std::string_view::npos || found + key.size() + 16 > header.size())
    return checksum(header.data(), header.size());
  const size_t value = found + key.size();
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  XXH3_64bits_update(state.get(), header.data(), value);
  XXH3_64bits_update(state.get(), std::string(16, '0').data(), 16);
  XXH3_64bits_update(state.get(), header.data() + value + 16, header.size() - value - 16);
  return to_text(XXH3_64bits_digest(state.get()));
}

}  // namespace miai
