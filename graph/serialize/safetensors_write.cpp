#include <nlohmann/json.hpp>
#include <set>

#include "graph/serialize/checksum.h"
#include "graph/serialize/safetensors.h"
#include "graph/serialize/safetensors_names.h"
#include "graph/serialize/whole_file.h"

namespace miai {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kAlignment = 64;

/// What goes into the file: the header's entries and the bytes after it.
struct Content {
  Json header = Json::object();
  Json checksums = Json::object(), aliases = Json::object();
  std::vector<std::span<const char>> parts;
  uint64_t bytes = 0;
  int fillers = 0;
};

const HostTensor* same_memory(std::span<const HostTensor> before, const HostTensor& tensor) {
  for (const HostTensor& other : before)
    if (other.data == tensor.data && other.dtype == tensor.dtype && other.shape == tensor.shape &&
        tensor.bytes() > 0)
      return &other;
  return nullptr;
}

void add_entry(Content& content, const std::string& name, std::string_view dtype, const Shape& shape,
               size_t bytes) {
  content.header[name] = {{"dtype", dtype},
                          {"shape", std::vector<int64_t>(shape.begin(), shape.end())},
                          {"data_offsets", {content.bytes, content.bytes + bytes}}};
  content.bytes += bytes;
}

void add_filler(Content& content) {
  static const char zeros[kAlignment] = {};
  size_t bytes = (kAlignment - content.bytes % kAlignment) % kAlignment;
  if (bytes == 0) return;
  add_entry(content, kFillerPrefix + std::to_string(content.fillers++), "U8", {static_cast<int64_t>(bytes)},
            bytes);
  content.parts.emplace_back(zeros, bytes);
}

void add_tensor(Content& content, const HostTensor& tensor) {
  add_filler(content);
  add_entry(content, tensor.name, safetensors_name(tensor.dtype), tensor.shape, tensor.bytes());
  content.checksums[tensor.name] = checksum(tensor.data.get(), tensor.bytes());
  content.parts.emplace_back(static_cast<const char*>(tensor.data.get()), tensor.bytes());
}

std::string header_text(const Content& content, const std::map<std::string, std::string>& metadata) {
  Json all = Json::object();
  Json& meta = all["__metadata__"];
  meta = Json::object();
  for (const auto& [key, value] : metadata) meta[key] = value;
  meta[kChecksums] = content.checksums.dump();
  if (!content.aliases.empty()) meta[kAliases] = content.aliases.dump();
  meta[kHeaderChecksum] = std::string(16, '0');
  for (const auto& [name, entry] : content.header.items()) all[name] = entry;
  std::string text = all.dump();
  text.resize((text.size() + 8 + kAlignment - 1) / kAlignment * kAlignment - 8, ' ');
  const std::string key = "\"" + std::string(kHeaderChecksum) + "\":\"";
  text.replace(text.find(key) + key.size(), 16, header_checksum(text));
  return text;
}

}  // namespace

void write_tensor_file(const std::string& path, std::span<const HostTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  Content content;
  std::set<std::string> names;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const HostTensor& tensor = tensors[i];
    if (!names.insert(tensor.name).second || tensor.name == "__metadata__" ||
        tensor.name.starts_with(kFillerPrefix))
      raise(ErrorKind::kValue, "save: two tensors are named '", tensor.name, "', or the name is reserved");
    if (const HostTensor* original = same_memory(tensors.first(i), tensor)) {
      content.aliases[tensor.name] = original->name;
    } else {
      add_tensor(content, tensor);
    }
  }
  const std::string header = header_text(content, metadata);
  const uint64_t size = header.size();
  std::vector<std::span<const char>> parts{{reinterpret_cast<const char*>(&size), 8}, header};
  parts.insert(parts.end(), content.parts.begin(), content.parts.end());
  write_whole_file(path, parts);
}

}  // namespace miai
