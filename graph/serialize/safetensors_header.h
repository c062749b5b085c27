// The JSON header of a safetensors file, parsed without building a tree: memory stays within the text's size.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace miai {

struct HeaderEntry {
  std::string name, dtype;
  std::vector<int64_t> shape;
  std::vector<uint64_t> offsets;  // begin, end; after the header
};

struct Header {
  std::vector<HeaderEntry> entries;
  std::map<std::string, std::string> metadata;
};

/// Raises OSError "<name>: ..." for text that is no such header.
Header parse_header(std::string_view text, const std::string& name);

}  // namespace miai
