// Steps over JSON text, shared by the check and the views.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace miai::json {

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline const char* skip_space(const char* at, const char* end) {
  while (at < end && is_space(*at)) ++at;
  return at;
}

/// Bytes of the UTF-8 character at `at`; 0 if there is none.
int utf8_length(const char* at, const char* end);
void append_utf8(std::string& text, uint32_t code);

/// Checks a whole text; raises ValueError naming the byte.
void check(const char* begin, const char* end, int most_depth);

// On checked text: past a string (at its opening quote), past any value.
const char* skip_string(const char* at);
const char* skip_value(const char* at, const char* end);

/// Four hexadecimal digits.
uint32_t hex4(const char* at);

}  // namespace miai::json
