// Symbolic dims as text, and back. What is printed needs no knowledge but that // and * bind alike, from the
// left, as in Python:
//   sum = ["-"] term (("+" | "-") term)*      term = factor (("*" | "//") factor)*
//   factor = integer | name | "max(" sum "," sum ")" | "(" sum ")"
#include <charconv>
#include <sstream>

#include "graph/ir/dim_expr.h"
#include "graph/ir/dim_poly.h"

namespace miai {
namespace {

using namespace dims;

void print(std::ostream& out, Dim dim);

void print_operand(std::ostream& out, Dim dim) {
  bool simple = dim.is_static() ? dim.value() >= 0 : is_symbol(dim);
  if (!simple) out << '(';
  print(out, dim);
  if (!simple) out << ')';
}

void print_atom(std::ostream& out, AtomId id, bool alone) {
  const Atom& a = atom(id);
  if (a.kind == Atom::Kind::kSymbol) {
    out << a.name;
  } else if (a.kind == Atom::Kind::kMax) {
    out << "max(" << a.a << ", " << a.b << ')';
  } else {
    if (!alone) out << '(';
    print_operand(out, a.a);
    out << " // ";
    print_operand(out, a.b);
    if (!alone) out << ')';
  }
}

void print_term(std::ostream& out, const Monomial& monomial, uint64_t coefficient) {
  bool first = true;
  for (AtomId id : monomial) {
    if (!first) out << " * ";
    print_atom(out, id, monomial.size() == 1 && coefficient == 1);
    first = false;
  }
  if (first) {
    out << coefficient;
  } else if (coefficient != 1) {
    out << " * " << coefficient;
  }
}

void print(std::ostream& out, Dim dim) {
  Polynomial p = polynomial(dim);
  if (p.empty()) out << 0;
  // The first term is a positive one where there is one: "n0 - 3" rather than "-3 + n0".
  auto first = p.rbegin();
  while (first != p.rend() && first->second < 0) ++first;
  if (first != p.rend()) print_term(out, first->first, static_cast<uint64_t>(first->second));
  bool empty = first == p.rend();
  for (auto it = p.rbegin(); it != p.rend(); ++it) {
    if (it == first) continue;
    bool negative = it->second < 0;
    out << (empty ? (negative ? "-" : "") : (negative ? " - " : " + "));
    print_term(out, it->first, static_cast<uint64_t>(negative ? -it->second : it->second));
    empty = false;
  }
}

class DimParser {
 public:
  DimParser(std::string_view text, std::unordered_map<std::string, Dim>& symbols)
      : text_(text), symbols_(symbols) {}

  Dim parse() {
    Dim dim = sum();
    if (at_ < text_.size()) fail("the end");
    return dim;
  }

 private:
  Dim sum() {
    Depth depth(*this);
    Dim value = take("-") ? Dim(0) - term() : term();
    while (true) {
      if (take("+")) {
        value = value + term();
      } else if (take("-")) {
        value = value - term();
      } else {
        return value;
      }
    }
  }
  Dim term() {
    Dim value = factor();
    while (true) {
      if (take("*")) {
        value = value * factor();
      } else if (take("//")) {
        value = floor_div(value, factor());
      } else {
        return value;
      }
    }
  }
  Dim factor() {
    if (take("(")) {
      Dim value = sum();
      expect(")");
      return value;
    }
    if (at_ < text_.size() && is_digit(text_[at_])) return integer();
    std::string word = name();
    if (word != "max" || !take("(")) {
      auto [it, is_new] = symbols_.try_emplace(word);
      if (is_new) it->second = make_symbol(word);
      return it->second;
    }
    Dim a = sum();
    expect(",");
    Dim b = sum();
    expect(")");
    return dim_max(a, b);
  }
  Dim integer() {
    int64_t value = 0;
    auto [end, failure] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (failure != std::errc()) fail("a number that fits 62 bits");
    at_ = static_cast<size_t>(end - text_.data());
    skip_space();
    return checked_add(value, 0);
  }
  std::string name() {
    size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    if (begin == at_) fail("a size");
    std::string word(text_.substr(begin, at_ - begin));
    skip_space();
    return word;
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
  }
  void skip_space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    skip_space();
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) fail("'" + std::string(token) + "'");
  }
  [[noreturn]] void fail(std::string_view expected) const {
    raise(ErrorKind::kValue, "size '", text_, "': expected ", expected, " at position ", at_);
  }
  // Damaged files must not exhaust the stack.
  struct Depth {
    explicit Depth(DimParser& p) : parser(p) {
      if (++parser.depth_ > 100) parser.fail("less nesting");
    }
    ~Depth() { --parser.depth_; }
    DimParser& parser;
  };

  std::string_view text_;
  std::unordered_map<std::string, Dim>& symbols_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

void dims::print_expression(std::ostream& out, uint32_t expression) { print(out, Dim::symbolic(expression)); }

std::string to_string(Dim dim) {
  std::ostringstream out;
  out << dim;
  return out.str();
}

Dim parse_dim(std::string_view text, std::unordered_map<std::string, Dim>& symbols) {
  return DimParser(text, symbols).parse();
}

}  // namespace miai
