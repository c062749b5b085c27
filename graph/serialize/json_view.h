// JSON text read in place: checked once, then walked without building a tree, so that hostile text costs no
// memory beyond itself.
#pragma once
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace miai {

/// One value within checked text, which must outlive it. Accessors raise ValueError for a value of another
/// kind.
class JsonView {
 public:
  struct Member;
  class Iterator;
  class Range;

  /// Checks all of the text: grammar, UTF-8, nesting. Raises ValueError naming the byte.
  static JsonView parse(std::string_view text, int most_depth = 32);
  /// The value at this byte of text that parse has checked.
  static JsonView at_byte(std::string_view text, size_t byte);
  size_t byte_in(std::string_view text) const { return static_cast<size_t>(at_ - text.data()); }

  bool is_null() const { return *at_ == 'n'; }
  bool is_boolean() const { return *at_ == 't' || *at_ == 'f'; }
  bool is_string() const { return *at_ == '"'; }
  bool is_array() const { return *at_ == '['; }
  bool is_object() const { return *at_ == '{'; }
  bool is_integer() const;  // written without fraction and exponent
  bool is_number() const { return *at_ == '-' || (*at_ >= '0' && *at_ <= '9'); }

  bool boolean() const;
  int64_t integer() const;
  double number() const;
  /// A string, unescaped. Raises for one of more than `most` bytes.
  std::string string(size_t most = SIZE_MAX) const;
  bool is(std::string_view text) const;  // a string equal to this
  /// Orders strings by their bytes when unescaped.
  int compare(const JsonView& other) const;
  /// The start of the value's text, for messages.
  std::string excerpt() const;
  /// A string's text between its quotes, not unescaped.
  std::string_view raw() const;

  Range items() const;    // of an array
  Range members() const;  // of an object
  size_t size() const;    // items or members
  /// A member of an object: the first of that name.
  std::optional<JsonView> find(std::string_view key) const;
  JsonView at(std::string_view key) const;

 private:
  JsonView(const char* at, const char* end) : at_(at), end_(end) {}
  const char* at_;
  const char* end_;  // of the whole text
};

/// A member of an object, or an item of an array (key and value are the same then).
struct JsonView::Member {
  JsonView key, value;
};

class JsonView::Iterator {
 public:
  Iterator(JsonView first, bool is_object, bool is_done)
      : at_(first), is_object_(is_object), is_done_(is_done) {}
  Member operator*() const;
  Iterator& operator++();
  bool operator==(std::default_sentinel_t) const { return is_done_; }

 private:
  JsonView at_;
  bool is_object_, is_done_;
};

class JsonView::Range {
 public:
  explicit Range(Iterator begin) : begin_(begin) {}
  Iterator begin() const { return begin_; }
  std::default_sentinel_t end() const { return {}; }

 private:
  Iterator begin_;
};

/// The text as a JSON string with quotes. Raises ValueError if it is not UTF-8.
std::string json_quoted(std::string_view text);

}  // namespace miai
