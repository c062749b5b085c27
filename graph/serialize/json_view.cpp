#include "graph/serialize/json_view.h"

#include <algorithm>
#include <charconv>

#include "graph/serialize/json_scan.h"
#include "kernels/common/error.h"

namespace miai {
namespace {

using namespace json;

[[noreturn]] void expected(const char* what, const JsonView& got) {
  raise(ErrorKind::kValue, "expected ", what, ", got ", got.excerpt());
}

std::string unescaped(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      text += raw[i];
      continue;
    }
    constexpr std::string_view kinds = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char kind = raw[++i];
    if (kind != 'u') {
      text += meanings[kinds.find(kind)];
      continue;
    }
    uint32_t code = hex4(raw.data() + i + 1);
    i += 4;
    if (code >= 0xD800 && code < 0xDC00) {
      code = 0x10000 + ((code - 0xD800) << 10) + (hex4(raw.data() + i + 3) - 0xDC00);
      i += 6;
    }
    append_utf8(text, code);
  }
  return text;
}

bool has_escapes(std::string_view raw) { return raw.find('\\') != std::string_view::npos; }

template <class T>
T parsed(const char* begin, const char* end, const char* what) {
  T value{};
  auto [stop, fault] = std::from_chars(begin, end, value);
  if (fault != std::errc() || stop != end)
    raise(ErrorKind::kValue, "expected ", what, ", got ", std::string(begin, std::min(end, begin + 80)));
  return value;
}

}  // namespace

JsonView JsonView::parse(std::string_view text, int most_depth) {
  const char* end = text.data() + text.size();
  check(text.data(), end, most_depth);
  return {skip_space(text.data(), end), end};
}

JsonView JsonView::at_byte(std::string_view text, size_t byte) {
  return {text.data() + byte, text.data() + text.size()};
}

bool JsonView::is_integer() const {
  if (!is_number()) return false;
  return std::none_of(at_, skip_value(at_, end_), [](char c) { return c == '.' || c == 'e' || c == 'E'; });
}

bool JsonView::boolean() const {
  if (!is_boolean()) expected("true or false", *this);
  return *at_ == 't';
}

int64_t JsonView::integer() const {
  if (!is_integer()) expected("an integer", *this);
  return parsed<int64_t>(at_, skip_value(at_, end_), "an integer of 64 bits");
}

double JsonView::number() const {
  if (!is_number()) expected("a number", *this);
  return parsed<double>(at_, skip_value(at_, end_), "a number that float64 holds");
}

std::string_view JsonView::raw() const {
  if (!is_string()) expected("a string", *this);
  const char* stop = skip_string(at_);
  return {at_ + 1, static_cast<size_t>(stop - at_) - 2};
}

std::string JsonView::string(size_t most) const {
  std::string_view text = raw();
  if (text.size() > most) raise(ErrorKind::kValue, "a string of more than ", most, " bytes: ", excerpt());
  return has_escapes(text) ? unescaped(text) : std::string(text);
}

bool JsonView::is(std::string_view text) const {
  if (!is_string()) return false;
  std::string_view mine = raw();
  return has_escapes(mine) ? unescaped(mine) == text : mine == text;
}

int JsonView::compare(const JsonView& other) const {
  std::string_view a = raw(), b = other.raw();
  if (!has_escapes(a) && !has_escapes(b)) return a.compare(b);
  return unescaped(a).compare(unescaped(b));
}

std::string JsonView::excerpt() const {
  constexpr size_t kMost = 80;
  std::string_view text{at_, static_cast<size_t>(skip_value(at_, end_) - at_)};
  if (is_string()) text = raw();
  size_t size = std::min(text.size(), kMost);
  while (size < text.size() && (text[size] & 0xC0) == 0x80) --size;  // not within a character
  std::string shown(text.substr(0, size));
  if (size < text.size()) shown += "...";
  return is_string() ? "'" + shown + "'" : shown;
}

JsonView::Range JsonView::items() const {
  if (!is_array()) expected("a list", *this);
  JsonView first{skip_space(at_ + 1, end_), end_};
  return Range(Iterator(first, false, *first.at_ == ']'));
}

JsonView::Range JsonView::members() const {
  if (!is_object()) expected("an object", *this);
  JsonView first{skip_space(at_ + 1, end_), end_};
  return Range(Iterator(first, true, *first.at_ == '}'));
}

size_t JsonView::size() const {
  size_t count = 0;
  for (Iterator it = (is_array() ? items() : members()).begin(); !(it == std::default_sentinel); ++it)
    ++count;
  return count;
}

std::optional<JsonView> JsonView::find(std::string_view key) const {
  for (const Member& member : members())
    if (member.key.is(key)) return member.value;
  return std::nullopt;
}

JsonView JsonView::at(std::string_view key) const {
  std::optional<JsonView> value = find(key);
  if (!value) raise(ErrorKind::kValue, "'", key, "' is missing in ", excerpt());
  return *value;
}

JsonView::Member JsonView::Iterator::operator*() const {
  if (!is_object_) return {at_, at_};
  const char* colon = skip_space(skip_string(at_.at_), at_.end_);
  return {at_, {skip_space(colon + 1, at_.end_), at_.end_}};
}

JsonView::Iterator& JsonView::Iterator::operator++() {
  const char* next = skip_space(skip_value((**this).value.at_, at_.end_), at_.end_);
  is_done_ = *next != ',';
  if (!is_done_) at_.at_ = skip_space(next + 1, at_.end_);
  return *this;
}

std::string json_quoted(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string quoted = "\"";
  const char* end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const int length = utf8_length(at, end);
    if (length == 0)
      raise(ErrorKind::kValue, "expected text in UTF-8, got byte ", at - text.data(), " that is not");
    if (*at == '"' || *at == '\\') {
      (quoted += '\\') += *at;
    } else if (static_cast<unsigned char>(*at) < 0x20) {
      ((quoted += "\\u00") += digits[*at >> 4]) += digits[*at & 15];
    } else {
      quoted.append(at, static_cast<size_t>(length));
    }
    at += length;
  }
  return quoted += '"';
}

}  // namespace miai
