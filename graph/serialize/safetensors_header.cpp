#include "graph/serialize/safetensors_header.h"

#include <nlohmann/json.hpp>
#include <set>

#include "kernels/common/error.h"
#include "kernels/common/small_vector.h"

namespace miai {
namespace {

/// Receives the parser's events; false from an event stops it. Levels: 1 the file, 2 a tensor or the
/// metadata, 3 a list.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  Header header;
  std::string fault = "not JSON";

  bool start_object(std::size_t) override {
    if (level_ == 0) return enter();
    if (level_ != 1) return stop("objects are nested too deep");
    in_metadata_ = key_ == "__metadata__";
    if (!in_metadata_) header.entries.push_back({key_, "", {}, {}});
    return enter();
  }
  bool end_object() override {
    --level_;
    return true;
  }
  bool start_array(std::size_t) override {
    if (level_ != 2 || in_metadata_ || (key_ != "shape" && key_ != "data_offsets"))
      return stop("a list in the wrong place");
    return enter();
  }
  bool end_array() override {
    --level_;
    return true;
  }
  bool key(string_t& name) override {
    key_ = name;
    if (level_ == 1 && !names_.insert(name).second) return stop("the name '" + name + "' stands twice");
    return true;
  }
  bool string(string_t& text) override {
    if (level_ != 2) return stop("a string in the wrong place");
    if (in_metadata_)
      return header.metadata.emplace(key_, text).second || stop("the metadata '" + key_ + "' stands twice");
    if (key_ == "dtype") {
      header.entries.back().dtype = text;
      return true;
    }
    return stop("unknown field '" + key_ + "' of tensor '" + header.entries.back().name + "'");
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (level_ != 3) return stop("a number in the wrong place");
    HeaderEntry& entry = header.entries.back();
    if (key_ == "shape") {
      if (entry.shape.size() == kMaxRank)
        return stop("tensor '" + entry.name + "' has more than 8 dimensions");
      if (value > (uint64_t{1} << 60)) return stop("tensor '" + entry.name + "' is too large");
      entry.shape.push_back(static_cast<int64_t>(value));
    } else {
      if (entry.offsets.size() == 2) return stop("tensor '" + entry.name + "' has more than two offsets");
      entry.offsets.push_back(value);
    }
    return true;
  }
  bool null() override { return stop("null in the wrong place"); }
  bool boolean(bool) override { return stop("a bool in the wrong place"); }
  bool number_integer(number_integer_t) override { return stop("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return stop("a fraction"); }
  bool binary(binary_t&) override { return stop("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return stop("not JSON at byte " + std::to_string(position));
  }

 private:
  bool enter() {
    ++level_;
    return true;
  }
  bool stop(std::string why) {
    fault = std::move(why);
    return false;
  }
  int level_ = 0;
  bool in_metadata_ = false;
  std::string key_;
  std::set<std::string> names_;
};

}  // namespace

Header parse_header(std::string_view text, const std::string& name) {
  HeaderReader reader;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader))
    raise(ErrorKind::kIo, name, ": damaged header: ", reader.fault);
  return std::move(reader.header);
}

}  // namespace miai
