// Names that the safetensors format and our use of it fix.
#pragma once
#include <array>
#include <string_view>

#include "kernels/common/dtype.h"

namespace miai {

inline constexpr char kHeaderChecksum[] = "miai.header_checksum";  // of the header, with this value as zeros
inline constexpr char kChecksums[] = "miai.checksums";             // JSON: tensor to checksum
inline constexpr char kAliases[] = "miai.aliases";  // JSON: name to the tensor that it is tied to
inline constexpr char kFillerPrefix[] = "__pad.";
inline constexpr char kTestPrefix[] = "test/", kConstantPrefix[] = "constant/";  // of models

inline constexpr std::array<std::string_view, kDTypeCount> kSafetensorsNames{
    "BOOL", "U8", "I8", "I16", "I32", "I64", "F16", "BF16", "F32", "F64"};
inline std::string_view safetensors_name(DType dtype) {
  return kSafetensorsNames[static_cast<size_t>(dtype)];
}
}  // namespace miai
