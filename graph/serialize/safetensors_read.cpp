#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "graph/serialize/checksum.h"
#include "graph/serialize/safetensors.h"
#include "graph/serialize/safetensors_header.h"
#include "graph/serialize/safetensors_names.h"
#include "graph/serialize/whole_file.h"

namespace miai {
namespace {

constexpr uint64_t kMostHeader = 100u << 20;  // bytes; the format's own limit

struct FileLayout {
  std::string_view header;
  const char* data = nullptr;
  uint64_t data_bytes = 0;
};

[[noreturn]] void damaged(const std::string& name, const std::string& what) {
  raise(ErrorKind::kIo, name, ": ", what, "; the file is truncated or damaged");
}

FileLayout split(const char* bytes, size_t size, const std::string& name) {
  uint64_t header = 0;
  if (size < 8) damaged(name, "shorter than 8 bytes");
  std::memcpy(&header, bytes, 8);
  if (header > kMostHeader || header > size - 8)
    damaged(name, "the header's size " + std::to_string(header) + " is beyond the file");
  return {{bytes + 8, header}, bytes + 8 + header, size - 8 - header};
}

void check_header(const FileLayout& layout, const Header& header, const std::string& name) {
  auto it = header.metadata.find(kHeaderChecksum);
  if (it == header.metadata.end()) return;
  if (header_checksum(layout.header) != it->second) damaged(name, "the header's checksum does not match");
}

uint64_t tensor_bytes(const HeaderEntry& entry, DType dtype, const std::string& name) {
  uint64_t bytes = dtype_size(dtype), product = 1;
  for (int64_t size : entry.shape) {
    bytes *= static_cast<uint64_t>(size);
    if (__builtin_mul_overflow(product, std::max<uint64_t>(static_cast<uint64_t>(size), 1), &product) ||
        product > (uint64_t{1} << 48))
      damaged(name, "tensor '" + entry.name + "' is too large");
  }
  return bytes;
}

/// Offsets must tile the data: no holes, no overlaps.
void check_offsets(const Header& header, uint64_t data_bytes, const std::string& name) {
  std::vector<const HeaderEntry*> order;
  for (const HeaderEntry& entry : header.entries) {
    if (entry.offsets.size() != 2 || entry.offsets[0] > entry.offsets[1] || entry.offsets[1] > data_bytes)
      damaged(name, "tensor '" + entry.name + "' lies outside of the file");
    order.push_back(&entry);
  }
  std::sort(order.begin(), order.end(),
            [](const HeaderEntry* a, const HeaderEntry* b) { return a->offsets < b->offsets; });
  uint64_t at = 0;
  for (const HeaderEntry* entry : order) {
    if (entry->offsets[0] != at)
      damaged(name, "tensor '" + entry->name + "' overlaps another or leaves a hole");
    at = entry->offsets[1];
  }
  if (at != data_bytes) damaged(name, "the file is longer than its tensors");
}

HostTensor make_tensor(const HeaderEntry& entry, const FileLayout& layout,
                       const std::shared_ptr<const void>& keep, const std::string& name) {
  std::optional<DType> dtype = dtype_from_safetensors(entry.dtype);
  if (!dtype)
    raise(ErrorKind::kIo, name, ": tensor '", entry.name, "' has dtype '", entry.dtype,
          "', which is not supported");
  uint64_t bytes = tensor_bytes(entry, *dtype, name);
  if (bytes != entry.offsets[1] - entry.offsets[0])
    damaged(name, "tensor '" + entry.name + "' has a size that does not fit its shape");
  HostTensor tensor{entry.name, *dtype, Shape(std::span<const int64_t>(entry.shape)), nullptr};
  const char* at = layout.data + entry.offsets[0];
  if (reinterpret_cast<uintptr_t>(at) % 64 == 0) {
    tensor.data = std::shared_ptr<const void>(keep, at);
  } else {
    std::shared_ptr<void> copy = aligned_bytes(bytes);
    std::memcpy(copy.get(), at, bytes);
    tensor.data = copy;
  }
  return tensor;
}

/// The strings of a small JSON object in the metadata; empty if it is not there.
std::map<std::string, std::string> metadata_object(const Header& header, const char* key,
                                                   const std::string& name) {
  auto it = header.metadata.find(key);
  if (it == header.metadata.end()) return {};
  Header inner = parse_header("{\"__metadata__\":" + it->second + "}", name);
  return std::move(inner.metadata);
}

void check_tensors(const TensorFile& file, const std::map<std::string, std::string>& checksums,
                   const std::string& name) {
  for (const HostTensor& tensor : file.tensors) {
    auto it = checksums.find(tensor.name);
    if (it != checksums.end() && checksum(tensor.data.get(), tensor.bytes()) != it->second)
      damaged(name, "the checksum of tensor '" + tensor.name + "' does not match");
  }
}

void add_aliases(TensorFile& file, const std::map<std::string, std::string>& aliases,
                 const std::string& name) {
  for (const auto& [alias, original] : aliases) {
    const HostTensor* tensor = file.find(original);
    if (!tensor || file.find(alias)) damaged(name, "tensor '" + alias + "' is tied to nothing");
    HostTensor tied = *tensor;
    tied.name = alias;
    file.tensors.push_back(std::move(tied));
  }
}

}  // namespace

const HostTensor* TensorFile::find(std::string_view name) const {
  for (const HostTensor& tensor : tensors)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

TensorFile parse_tensor_file(std::shared_ptr<const void> data, size_t size, const std::string& name,
                             bool check) {
  FileLayout layout = split(static_cast<const char*>(data.get()), size, name);
  Header header = parse_header(layout.header, name);
  check_header(layout, header, name);
  check_offsets(header, layout.data_bytes, name);
  TensorFile file;
  for (const HeaderEntry& entry : header.entries)
    if (!entry.name.starts_with(kFillerPrefix))
      file.tensors.push_back(make_tensor(entry, layout, data, name));
  if (check) check_tensors(file, metadata_object(header, kChecksums, name), name);
  add_aliases(file, metadata_object(header, kAliases, name), name);
  file.metadata = std::move(header.metadata);
  for (const char* own : {kHeaderChecksum, kChecksums, kAliases}) file.metadata.erase(own);
  return file;
}

TensorFile read_tensor_file(const std::string& path, bool check) {
  MappedFile mapped = map_file(path);
  return parse_tensor_file(mapped.data, mapped.size, "'" + path + "'", check);
}

}  // namespace miai
