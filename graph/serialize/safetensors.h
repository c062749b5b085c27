// The one reader and writer of safetensors files: models and checkpoints. Made for hostile input.
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/serialize/host_tensor.h"

namespace miai {

struct TensorFile {
  std::vector<HostTensor> tensors;  // in the file's order, without fillers
  std::map<std::string, std::string> metadata;
  const HostTensor* find(std::string_view name) const;
};

/// Writes tensors and metadata: data and each tensor begin at a multiple of 64; a tensor given twice (same
/// memory, dtype and shape) is stored once. Checksums (XXH3) of header and tensors are added. The file is
/// whole or absent: OSError.
void write_tensor_file(const std::string& path, std::span<const HostTensor> tensors,
                       const std::map<std::string, std::string>& metadata);

/// Reads a file: aligned tensors are mapped, others copied. The header's checksum is verified where there is
/// one, the tensors' with `check`. Raises OSError naming file and fault; allocates no more than the file's
/// size.
TensorFile read_tensor_file(const std::string& path, bool check = false);
/// The same from memory, which `data` keeps alive.
TensorFile parse_tensor_file(std::shared_ptr<const void> data, size_t size, const std::string& name,
                             bool check = false);

}  // namespace miai
