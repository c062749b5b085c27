#include <algorithm>
#include <cstring>

#include "graph/serialize/checksum.h"
#include "graph/serialize/json_view.h"
#include "graph/serialize/safetensors.h"
#include "graph/serialize/safetensors_entry.h"
#include "graph/serialize/safetensors_names.h"
#include "graph/serialize/whole_file.h"

namespace miai {
namespace {

constexpr uint64_t kMostHeader = 100u << 20;  // bytes; the format's own limit, and places fit 32 bits
constexpr int kMostDepth = 3;                 // file, tensor, list

[[noreturn]] void damaged(const std::string& what) {
  raise(ErrorKind::kValue, what, "; the file is truncated or damaged");
}

struct Span {
  uint64_t begin, end;
  uint32_t place;
};

/// Offsets must tile the data: no holes, no overlaps.
void check_offsets(std::string_view header, std::vector<Span> spans, uint64_t data_bytes) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  auto name = [&](const Span& span) { return JsonView::at_byte(header, span.place).excerpt(); };
  uint64_t at = 0;
  for (const Span& span : spans) {
    if (span.end > data_bytes) damaged("tensor " + name(span) + " lies outside of the file");
    if (span.begin != at) damaged("tensor " + name(span) + " overlaps another or leaves a hole");
    at = span.end;
  }
  if (at != data_bytes) damaged("the file is longer than its tensors");
}

/// Sorts places of names; two equal names are a fault.
void sort_by_name(std::string_view text, std::vector<uint32_t>& places) {
  auto at = [&](uint32_t place) { return JsonView::at_byte(text, place); };
  std::sort(places.begin(), places.end(), [&](uint32_t a, uint32_t b) { return at(a).compare(at(b)) < 0; });
  auto twice = std::adjacent_find(places.begin(), places.end(),
                                  [&](uint32_t a, uint32_t b) { return at(a).compare(at(b)) == 0; });
  if (twice != places.end()) damaged("the name " + at(*twice).excerpt() + " stands twice");
}

std::vector<uint32_t> places_of(std::string_view text, const JsonView& object) {
  if (!object.is_object()) raise(ErrorKind::kValue, "expected an object, got ", object.excerpt());
  std::vector<uint32_t> places;
  places.reserve(object.size());
  for (const auto& member : object.members())
    places.push_back(static_cast<uint32_t>(member.key.byte_in(text)));
  return places;
}

JsonView value_after(std::string_view text, uint32_t place);

}  // namespace

/// Fills a TensorFile.
class TensorFileReader {
 public:
  explicit TensorFileReader(TensorFile& file) : file_(file) {}

  void read(bool check) {
    split();
    const JsonView root = JsonView::parse(file_.header_, kMostDepth);
    check_header(root);
    read_entries(root);
    if (std::optional<std::string> aliases = file_.metadata(kAliases)) read_aliases(std::move(*aliases));
    if (check) check_tensors();
  }

 private:
  void split() {
    uint64_t header = 0;
    const auto* bytes = static_cast<const char*>(file_.keep_.get());
    if (file_.file_bytes_ < 8) damaged("shorter than 8 bytes");
    std::memcpy(&header, bytes, 8);
    if (header > kMostHeader || header > file_.file_bytes_ - 8)
      damaged("the header's size " + std::to_string(header) + " is beyond the file");
    file_.header_ = {bytes + 8, header};
    file_.data_ = bytes + 8 + header;
  }

  void check_header(const JsonView& root) {
    std::vector<uint32_t> names = places_of(file_.header_, root);
    sort_by_name(file_.header_, names);
    std::optional<JsonView> metadata = root.find("__metadata__");
    if (!metadata) return;
    names = places_of(file_.header_, *metadata);
    sort_by_name(file_.header_, names);
    for (const auto& member : metadata->members())
      if (!member.value.is_string()) damaged("metadata " + member.key.excerpt() + " is not a string");
    std::optional<JsonView> expected = metadata->find(kHeaderChecksum);
    if (expected && !expected->is(header_checksum(file_.header_)))
      damaged("the header's checksum does not match");
  }

  void read_entries(const JsonView& root) {
    std::vector<Span> spans;
    spans.reserve(root.size());
    file_.entries_.reserve(root.size());
    for (const auto& [key, fields] : root.members()) {
      if (key.is("__metadata__")) continue;
      const HeaderEntry entry = read_entry(key, fields);
      const auto place = static_cast<uint32_t>(key.byte_in(file_.header_));
      spans.push_back({entry.begin, entry.end, place});
      if (!key.raw().starts_with(kFillerPrefix)) file_.entries_.push_back(place);
    }
    check_offsets(file_.header_, std::move(spans), file_.file_bytes_ - 8 - file_.header_.size());
    file_.entries_by_name_ = file_.entries_;
    sort_by_name(file_.header_, file_.entries_by_name_);
  }

  void read_aliases(std::string text) {
    file_.aliases_text_ = std::move(text);
    const JsonView root = JsonView::parse(file_.aliases_text_, 1);
    for (const auto& [alias, original] : root.members()) {
      const std::string name = alias.string();
      if (!file_.find_entry(original.string()) || file_.find_entry(name) || name.starts_with(kFillerPrefix))
        damaged("tensor " + alias.excerpt() + " is tied to nothing");
    }
    file_.aliases_ = places_of(file_.aliases_text_, root);
    sort_by_name(file_.aliases_text_, file_.aliases_);
  }

  void check_tensors() {
    std::optional<std::string> text = file_.metadata(kChecksums);
    if (!text) return;
    const JsonView root = JsonView::parse(*text, 1);
    std::vector<uint32_t> names = places_of(*text, root);
    sort_by_name(*text, names);  // a name that stands often would cost a pass over the tensor each time
    for (const auto& [key, expected] : root.members()) {
      std::optional<uint32_t> place = file_.find_entry(key.string());
      if (!place) continue;
      const JsonView name = JsonView::at_byte(file_.header_, *place);
      const HeaderEntry entry = read_entry(name, value_after(file_.header_, *place));
      if (!expected.is(checksum(file_.data_ + entry.begin, entry.end - entry.begin)))
        damaged("the checksum of tensor " + key.excerpt() + " does not match");
    }
  }

  TensorFile& file_;
};

namespace {

/// The value of the member whose name stands there.
JsonView value_after(std::string_view text, uint32_t place) {
  size_t at = place + JsonView::at_byte(text, place).raw().size() + 2;
  at = text.find_first_not_of(" \t\n\r", text.find(':', at) + 1);
  return JsonView::at_byte(text, at);
}

void check_bools(const HostTensor& tensor) {
  const auto* bytes = static_cast<const unsigned char*>(tensor.data.get());
  if (std::any_of(bytes, bytes + tensor.bytes(), [](unsigned char byte) { return byte > 1; }))
    damaged("tensor '" + tensor.name + "' has a bool that is neither 0 nor 1");
}

/// Runs `action`; its faults become OSError that names the file.
template <class Action>
auto naming_file(const std::string& name, const Action& action) {
  try {
    return action();
  } catch (const Error& fault) {
    if (fault.kind() == ErrorKind::kMemory) throw;
    raise(ErrorKind::kIo, name, ": ", fault.what());
  }
}

/// The first place whose name is not below `name`, if it is that name.
std::optional<uint32_t> lookup(std::string_view text, const std::vector<uint32_t>& sorted,
                               std::string_view name) {
  auto compare = [&](uint32_t place) {
    JsonView key = JsonView::at_byte(text, place);
    std::string_view raw = key.raw();
    return raw.find('\\') == std::string_view::npos ? raw.compare(name)
                                                    : std::string_view(key.string()).compare(name);
  };
  auto it = std::partition_point(sorted.begin(), sorted.end(), [&](uint32_t at) { return compare(at) < 0; });
  if (it == sorted.end() || compare(*it) != 0) return std::nullopt;
  return *it;
}

}  // namespace

TensorFile::TensorFile(std::shared_ptr<const void> data, size_t size, std::string name, bool check)
    : keep_(std::move(data)), name_(std::move(name)), file_bytes_(size) {
  naming_file(name_, [&] { TensorFileReader(*this).read(check); });
}

std::optional<uint32_t> TensorFile::find_entry(std::string_view name) const {
  return lookup(header_, entries_by_name_, name);
}

HostTensor TensorFile::tensor(size_t i) const {
  if (i < entries_.size()) return make_tensor(JsonView::at_byte(header_, entries_[i]).string(), entries_[i]);
  const uint32_t alias = aliases_.at(i - entries_.size());
  return make_tensor(JsonView::at_byte(aliases_text_, alias).string(),
                     *find_entry(value_after(aliases_text_, alias).string()));
}

std::optional<HostTensor> TensorFile::find(std::string_view name) const {
  if (std::optional<uint32_t> entry = find_entry(name)) return make_tensor(std::string(name), *entry);
  std::optional<uint32_t> alias = lookup(aliases_text_, aliases_, name);
  if (!alias) return std::nullopt;
  return make_tensor(std::string(name), *find_entry(value_after(aliases_text_, *alias).string()));
}

std::optional<std::string> TensorFile::metadata(std::string_view key) const {
  const JsonView root = JsonView::at_byte(header_, header_.find('{'));
  std::optional<JsonView> metadata = root.find("__metadata__");
  std::optional<JsonView> value = metadata ? metadata->find(key) : std::nullopt;
  if (!value) return std::nullopt;
  return value->string();
}

HostTensor TensorFile::make_tensor(std::string name, uint32_t place) const {
  const HeaderEntry entry = read_entry(JsonView::at_byte(header_, place), value_after(header_, place));
  HostTensor tensor{std::move(name), entry.dtype, entry.shape, nullptr};
  const char* at = data_ + entry.begin;
  if (reinterpret_cast<uintptr_t>(at) % 64 == 0) {
    tensor.data = std::shared_ptr<const void>(keep_, at);
  } else {
    std::shared_ptr<const void>& copy = copies_[place];  // tied names share it
    if (!copy) {
      std::shared_ptr<void> bytes = aligned_bytes(tensor.bytes());
      if (tensor.bytes()) std::memcpy(bytes.get(), at, tensor.bytes());
      copy = bytes;
    }
    tensor.data = copy;
  }
  if (entry.dtype == DType::kBool) naming_file(name_, [&] { check_bools(tensor); });
  return tensor;
}

TensorFile parse_tensor_file(std::shared_ptr<const void> data, size_t size, const std::string& name,
                             bool check) {
  return TensorFile(std::move(data), size, name, check);
}

TensorFile read_tensor_file(const std::string& path, bool check) {
  MappedFile mapped = map_file(path);
  return parse_tensor_file(mapped.data, mapped.size, "'" + path + "'", check);
}

}  // namespace miai
