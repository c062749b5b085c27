#include "graph/serialize/json_scan.h"

#include <cctype>
#include <cstdint>
#include <string_view>

#include "kernels/common/error.h"

namespace miai::json {
namespace {

/// RFC 8259, with UTF-8 and paired surrogates.
class Check {
 public:
  Check(const char* begin, const char* end, int most_depth)
      : begin_(begin), at_(begin), end_(end), most_depth_(most_depth) {}

  void run() {
    space();
    value(0);
    space();
    if (at_ < end_) fail("text after the end");
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    raise(ErrorKind::kValue, "not JSON at byte ", at_ - begin_, ": ", what);
  }
  void space() { at_ = skip_space(at_, end_); }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void value(int depth) {
    if (at_ == end_) fail("a value is missing");
    if (*at_ == '{' || *at_ == '[') {
      if (depth == most_depth_) fail("nested too deep");
      *at_ == '{' ? object(depth) : array(depth);
    } else if (*at_ == '"') {
      string();
    } else if (*at_ == '-' || std::isdigit(static_cast<unsigned char>(*at_))) {
      number();
    } else {
      word();
    }
  }
  void object(int depth) {
    ++at_;
    space();
    if (take('}')) return;
    do {
      space();
      if (at_ == end_ || *at_ != '"') fail("a name is missing");
      string();
      space();
      if (!take(':')) fail("':' is missing");
      space();
      value(depth + 1);
      space();
    } while (take(','));
    if (!take('}')) fail("'}' is missing");
  }
  void array(int depth) {
    ++at_;
    space();
    if (take(']')) return;
    do {
      space();
      value(depth + 1);
      space();
    } while (take(','));
    if (!take(']')) fail("']' is missing");
  }
  void word() {
    for (std::string_view known : {"null", "true", "false"})
      if (std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(known)) {
        at_ += known.size();
        return;
      }
    fail("no value");
  }
  bool digits() {
    const char* first = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ > first;
  }
  void number() {
    take('-');
    if (!take('0') && !digits()) fail("a digit is missing");
    if (take('.') && !digits()) fail("a digit is missing");
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) fail("a digit is missing");
    }
  }
  void string() {
    for (++at_; at_ < end_ && *at_ != '"';) {
      if (*at_ == '\\') {
        escape();
      } else if (static_cast<unsigned char>(*at_) < 0x20) {
        fail("a control character");
      } else {
        int length = utf8_length(at_, end_);
        if (length == 0) fail("not UTF-8");
        at_ += length;
      }
    }
    if (!take('"')) fail("a string without end");
  }
  void escape() {
    ++at_;
    if (at_ == end_) fail("a string without end");
    const char kind = *at_++;
    if (kind != 'u') {
      if (std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) fail("an unknown escape");
      return;
    }
    const uint32_t code = unit();
    if (code >= 0xDC00 && code < 0xE000) fail("half a surrogate pair");
    if (code < 0xD800 || code >= 0xDC00) return;
    if (!take('\\') || !take('u')) fail("half a surrogate pair");
    const uint32_t low = unit();
    if (low < 0xDC00 || low >= 0xE000) fail("half a surrogate pair");
  }
  uint32_t unit() {
    if (end_ - at_ < 4) fail("a string without end");
    for (int i = 0; i < 4; ++i)
      if (!std::isxdigit(static_cast<unsigned char>(at_[i]))) fail("no hexadecimal digit");
    at_ += 4;
    return hex4(at_ - 4);
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  int most_depth_;
};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '+' || c == '-';
}

}  // namespace

int utf8_length(const char* at, const char* end) {
  auto byte = [&](int i) { return static_cast<unsigned char>(at[i]); };
  const int length = byte(0) < 0x80   ? 1
                     : byte(0) < 0xC2 ? 0
                     : byte(0) < 0xE0 ? 2
                     : byte(0) < 0xF0 ? 3
                     : byte(0) < 0xF5 ? 4
                                      : 0;
  if (end - at < length) return 0;
  for (int i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (byte(0) == 0xE0 && byte(1) < 0xA0) return 0;   // overlong
  if (byte(0) == 0xED && byte(1) >= 0xA0) return 0;  // surrogates
  if (byte(0) == 0xF0 && byte(1) < 0x90) return 0;   // overlong
  if (byte(0) == 0xF4 && byte(1) >= 0x90) return 0;  // beyond U+10FFFF
  return length;
}

void append_utf8(std::string& text, uint32_t code) {
  auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 63));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 63));
    put(0x80 | ((code >> 6) & 63));
  }
  put(0x80 | (code & 63));
}

void check(const char* begin, const char* end, int most_depth) { Check(begin, end, most_depth).run(); }

const char* skip_string(const char* at) {
  for (++at; *at != '"'; ++at)
    if (*at == '\\') ++at;
  return at + 1;
}

const char* skip_value(const char* at, const char* end) {
  int depth = 0;
  do {
    if (*at == '"') {
      at = skip_string(at);
      continue;
    }
    if (*at == '{' || *at == '[') ++depth;
    if (*at == '}' || *at == ']') --depth;
    ++at;
    // A number or word ends before the next sign.
    while (depth == 0 && at < end && is_word(*at)) ++at;
  } while (depth > 0);
  return at;
}

uint32_t hex4(const char* at) {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    code = code * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
  }
  return code;
}

}  // namespace miai::json
