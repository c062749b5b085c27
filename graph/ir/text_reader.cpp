#include "graph/ir/text_reader.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "kernels/common/error.h"

namespace miai {
namespace {

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '/';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

}  // namespace

void TextReader::fail(std::string_view expected) const {
  std::string_view rest = text_.substr(std::min(at_, text_.size()), 20);
  fail_at_line(std::string("expected ")
                   .append(expected)
                   .append(", got '")
                   .append(rest.substr(0, rest.find('\n')))
                   .append("'"));
}

void TextReader::fail_at_line(std::string_view message) const {
  auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
  raise(ErrorKind::kValue, "line ", line, ": ", message);
}

void TextReader::skip_space() {
  while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
}

bool TextReader::at_end() {
  skip_space();
  return at_ == text_.size();
}

bool TextReader::next_is(std::string_view token) {
  skip_space();
  return text_.substr(at_).starts_with(token);
}

bool TextReader::take(std::string_view token) {
  if (!next_is(token)) return false;
  at_ += token.size();
  return true;
}

void TextReader::expect(std::string_view token) {
  if (!take(token)) fail("'" + std::string(token) + "'");
}

bool TextReader::take_word(std::string_view word) {
  if (!next_is(word)) return false;
  size_t end = at_ + word.size();
  if (end < text_.size() && is_name_char(text_[end])) return false;
  at_ = end;
  return true;
}

std::string TextReader::quoted() {
  size_t begin = at_++;
  while (at_ < text_.size() && text_[at_] != '\'') at_ += text_[at_] == '\\' ? 2 : 1;
  if (at_ >= text_.size()) {
    at_ = begin;
    fail("a quoted string that ends");
  }
  ++at_;
  return std::string(text_.substr(begin, at_ - begin));
}

std::string TextReader::name() {
  skip_space();
  if (at_ < text_.size() && text_[at_] == '\'') return unquote(quoted());
  size_t begin = at_;
  while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
  if (at_ == begin) fail("a name");
  return std::string(text_.substr(begin, at_ - begin));
}

int TextReader::integer() {
  skip_space();
  int value = 0;
  auto [end, failure] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
  if (failure != std::errc()) fail("a number");
  at_ = static_cast<size_t>(end - text_.data());
  return value;
}

std::string TextReader::until(std::string_view stops) {
  skip_space();
  size_t begin = at_;
  int depth = 0;
  while (at_ < text_.size()) {
    char c = text_[at_];
    if (depth == 0 && stops.find(c) != std::string_view::npos) break;
    if (c == '\'') {
      quoted();
      continue;
    }
    if (c == '[' || c == '(') ++depth;
    if (c == ']' || c == ')') --depth;
    ++at_;
  }
  return std::string(trim(text_.substr(begin, at_ - begin)));
}

std::vector<std::string> TextReader::items(char closing) {
  std::vector<std::string> found;
  const std::string stops{',', closing};
  while (!take({&closing, 1})) {
    if (!found.empty()) expect(",");
    found.push_back(until(stops));
    if (found.back().empty()) fail("an item of a list");
  }
  return found;
}

std::string TextReader::comment() {
  while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  if (at_ == text_.size() || text_[at_] != '#') return {};
  size_t end = std::min(text_.find('\n', at_), text_.size());
  std::string_view text = trim(text_.substr(at_ + 1, end - at_ - 1));
  at_ = end;
  return std::string(text);
}

std::string unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'')
    raise(ErrorKind::kValue, "expected a quoted string, got '", text, "'");
  std::string plain;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != '\\' || i + 2 >= text.size()) {
      plain += text[i];
    } else {
      ++i;
      plain += text[i] == 'n' ? '\n' : text[i];
    }
  }
  return plain;
}

}  // namespace miai
