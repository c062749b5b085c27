#include "graph/serialize/checksum.h"

#include <xxhash.h>

#include "graph/serialize/safetensors_names.h"

namespace miai {

std::string checksum(const void* data, size_t bytes) {
  constexpr char digits[] = "0123456789abcdef";
  XXH64_hash_t hash = XXH3_64bits(data, bytes);
  std::string text(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4) text[i] = digits[hash & 15];
  return text;
}

std::string header_checksum(std::string_view header) {
  const std::string key = "\"" + std::string(kHeaderChecksum) + "\":\"";
  std::string copy(header);
  size_t at = copy.find(key);
  if (at != std::string::npos && at + key.size() + 16 <= copy.size())
    copy.replace(at + key.size(), 16, 16, '0');
  return checksum(copy.data(), copy.size());
}

}  // namespace miai
