#include <unordered_map>
#include <unordered_set>

#include "graph/serialize/checksum.h"
#include "graph/serialize/json_view.h"
#include "graph/serialize/safetensors.h"
#include "graph/serialize/safetensors_names.h"
#include "graph/serialize/whole_file.h"

namespace miai {
namespace {

constexpr size_t kAlignment = 64;

/// What goes into the file: the header's entries and the bytes after it.
class Content {
 public:
  void add(const HostTensor& tensor) {
    if (const HostTensor* original = same_memory(tensor))
      return add_member(aliases_, json_quoted(tensor.name), json_quoted(original->name));
    add_filler();
    add_entry(tensor.name, safetensors_name(tensor.dtype), tensor.shape, tensor.bytes());
    add_member(checksums_, json_quoted(tensor.name),
               json_quoted(checksum(tensor.data.get(), tensor.bytes())));
    parts_.emplace_back(static_cast<const char*>(tensor.data.get()), tensor.bytes());
    if (tensor.bytes()) by_memory_.emplace(tensor.data.get(), &tensor);
  }

  const std::vector<std::span<const char>>& parts() const { return parts_; }

  std::string header(const std::map<std::string, std::string>& metadata) const {
    std::string meta;
    for (const auto& [key, value] : metadata) add_member(meta, json_quoted(key), json_quoted(value));
    add_member(meta, json_quoted(kChecksums), json_quoted("{" + checksums_ + "}"));
    if (!aliases_.empty()) add_member(meta, json_quoted(kAliases), json_quoted("{" + aliases_ + "}"));
    const std::string key = json_quoted(kHeaderChecksum) + ":\"";
    meta += "," + key + std::string(16, '0') + "\"";
    std::string text = "{\"__metadata__\":{" + meta + "}" + (entries_.empty() ? "" : ",") + entries_ + "}";
    text.resize((text.size() + 8 + kAlignment - 1) / kAlignment * kAlignment - 8, ' ');
    text.replace(text.find(key) + key.size(), 16, header_checksum(text));
    return text;
  }

 private:
  static void add_member(std::string& object, const std::string& key, const std::string& value) {
    if (!object.empty()) object += ',';
    object += key + ':' + value;
  }

  const HostTensor* same_memory(const HostTensor& tensor) const {
    auto [first, last] = by_memory_.equal_range(tensor.data.get());
    for (; first != last; ++first)
      if (first->second->dtype == tensor.dtype && first->second->shape == tensor.shape) return first->second;
    return nullptr;
  }

  void add_entry(const std::string& name, std::string_view dtype, const Shape& shape, size_t bytes) {
    std::string sizes;
    for (int64_t size : shape) sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
    add_member(entries_, json_quoted(name),
               "{\"dtype\":" + json_quoted(dtype) + ",\"shape\":[" + sizes + "],\"data_offsets\":[" +
                   std::to_string(bytes_) + "," + std::to_string(bytes_ + bytes) + "]}");
    bytes_ += bytes;
  }

  void add_filler() {
    static const char zeros[kAlignment] = {};
    size_t bytes = (kAlignment - bytes_ % kAlignment) % kAlignment;
    if (bytes == 0) return;
    add_entry(kFillerPrefix + std::to_string(fillers_++), "U8", {static_cast<int64_t>(bytes)}, bytes);
    parts_.emplace_back(zeros, bytes);
  }

  std::string entries_, checksums_, aliases_;  // members of JSON objects
  std::unordered_multimap<const void*, const HostTensor*> by_memory_;
  std::vector<std::span<const char>> parts_;
  uint64_t bytes_ = 0;
  int fillers_ = 0;
};

}  // namespace

void write_tensor_file(const std::string& path, std::span<const HostTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  Content content;
  std::unordered_set<std::string_view> names;
  for (const HostTensor& tensor : tensors) {
    if (tensor.name == "__metadata__" || tensor.name.starts_with(kFillerPrefix))
      raise(ErrorKind::kValue, "save: the name '", tensor.name, "' is reserved");
    if (!names.insert(tensor.name).second)
      raise(ErrorKind::kValue, "save: two tensors are named '", tensor.name, "'");
    content.add(tensor);
  }
  const std::string header = content.header(metadata);
  const uint64_t size = header.size();
  std::vector<std::span<const char>> parts{{reinterpret_cast<const char*>(&size), 8}, header};
  parts.insert(parts.end(), content.parts().begin(), content.parts().end());
  write_whole_file(path, parts);
}

}  // namespace miai
