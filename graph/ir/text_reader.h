// Reads tokens of the textual IR, keeping the line for messages.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace miai {

class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}

  /// Raises ValueError: "line 3: expected ')', got '...'".
  [[noreturn]] void fail(std::string_view expected) const;
  [[noreturn]] void fail_at_line(std::string_view message) const;

  bool at_end();
  /// Takes the token if it comes next (after spaces and newlines).
  bool take(std::string_view token);
  void expect(std::string_view token);
  /// The word is taken only if it ends there: take_word("end") leaves "ending".
  bool take_word(std::string_view word);
  bool next_is(std::string_view token);
  /// A name: letters, digits, '_', '.', '/', or a quoted string.
  std::string name();
  int integer();
  /// The text up to one of `stops` outside brackets and quotes; the stop is not taken.
  std::string until(std::string_view stops);
  /// "a, [b, c], d" of what lies between an opening bracket, already taken, and its closing one, which is
  /// taken.
  std::vector<std::string> items(char closing);
  /// The rest of this line after "# ", if that is what comes next on it.
  std::string comment();

 private:
  void skip_space();
  std::string quoted();
  std::string_view text_;
  size_t at_ = 0;
};

/// Reads 'it\'s' back; raises ValueError if it is not a quoted string.
std::string unquote(std::string_view text);

}  // namespace miai
