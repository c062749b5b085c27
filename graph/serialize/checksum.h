// Checksums of files: XXH3, 64 bits, as 16 hexadecimal digits.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace miai {

std::string checksum(const void* data, size_t bytes);
/// Of a header's text with the value of "miai.header_checksum" taken as zeros.
std::string header_checksum(std::string_view header);

}  // namespace miai
