// The one reader and writer of safetensors files: models and checkpoints. Made for hostile input.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/serialize/host_tensor.h"

namespace miai {

/// A file's tensors and metadata, looked up in the header's text in place. Opening a file of n bytes
/// allocates less than n + 1 MiB; a tensor that is handed out costs its HostTensor and, if the file does not
/// align it to 64 bytes, one copy. Belongs to one thread at a time.
class TensorFile {
 public:
  /// Reads a file of these bytes, which `data` keeps alive. See read_tensor_file.
  TensorFile(std::shared_ptr<const void> data, size_t size, std::string name, bool check);

  /// Tensors in the file's order, without fillers, then the tied names.
  size_t size() const { return entries_.size() + aliases_.size(); }
  HostTensor tensor(size_t i) const;
  std::optional<HostTensor> find(std::string_view name) const;
  std::optional<std::string> metadata(std::string_view key) const;
  size_t file_bytes() const { return file_bytes_; }

 private:
  friend class TensorFileReader;
  HostTensor make_tensor(std::string name, uint32_t entry) const;
  std::optional<uint32_t> find_entry(std::string_view name) const;  // place in the header

  std::shared_ptr<const void> keep_;
  std::string name_;  // of the file, for messages
  size_t file_bytes_ = 0;
  std::string_view header_;
  std::string aliases_text_;                         // JSON: name to the tensor that it is tied to
  const char* data_ = nullptr;                       // after the header
  std::vector<uint32_t> entries_, entries_by_name_;  // where their names stand in the header
  std::vector<uint32_t> aliases_;  // where their names stand in aliases_text_, sorted by name
  mutable std::unordered_map<uint32_t, std::shared_ptr<const void>> copies_;  // of unaligned tensors
};

/// Writes tensors and metadata: data and each tensor begin at a multiple of 64; a tensor given twice (same
/// memory, dtype and shape) is stored once. Checksums (XXH3) of header and tensors are added. The file is
/// whole or absent: OSError. Raises ValueError for a name that stands twice, is reserved or is not UTF-8.
void write_tensor_file(const std::string& path, std::span<const HostTensor> tensors,
                       const std::map<std::string, std::string>& metadata);

/// Reads a file: aligned tensors are mapped, others copied when asked for. The header's checksum is verified
/// where there is one, the tensors' with `check`. Raises OSError naming file and fault.
TensorFile read_tensor_file(const std::string& path, bool check = false);
/// The same from memory, which `data` keeps alive.
TensorFile parse_tensor_file(std::shared_ptr<const void> data, size_t size, const std::string& name,
                             bool check = false);

}  // namespace miai
