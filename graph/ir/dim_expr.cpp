#include "graph/ir/dim_expr.h"

#include <numeric>

#include "graph/ir/dim_poly.h"

namespace miai {
namespace {

using namespace dims;

Polynomial scaled(const Polynomial& p, int64_t factor) {
  Polynomial result;
  for (const auto& [monomial, c] : p) result.emplace(monomial, checked_multiply(c, factor));
  return result;
}

Polynomial product(const Polynomial& a, const Polynomial& b) {
  Polynomial result;
  for (const auto& [m, c] : a)
    for (const auto& [n, d] : b) add_term(result, multiply(m, n), checked_multiply(c, d));
  return result;
}

std::optional<int64_t> lower_bound(const Polynomial& p);

std::optional<int64_t> lower_bound_of_atom(AtomId id) {
  const Atom& a = atom(id);
  if (a.kind == Atom::Kind::kSymbol) return 2;
  std::optional<int64_t> x = lower_bound(polynomial(a.a)), y = lower_bound(polynomial(a.b));
  if (a.kind == Atom::Kind::kMax) return x && y ? std::max(*x, *y) : x ? x : y;
  if (!x || !y || *x < 0 || *y <= 0) return std::nullopt;
  return a.b.is_static() ? *x / a.b.value() : 0;
}

/// The least value that follows from symbols being at least 2; nullopt if none does.
std::optional<int64_t> lower_bound(const Polynomial& p) {
  int64_t bound = 0;
  for (const auto& [monomial, c] : p) {
    if (c < 0 && !monomial.empty()) return std::nullopt;
    int64_t least = c;
    for (AtomId id : monomial) {
      std::optional<int64_t> factor = lower_bound_of_atom(id);
      if (!factor || *factor < 0) return std::nullopt;
      least = checked_multiply(least, *factor);
    }
    bound = checked_add(bound, least);
  }
  return bound;
}

int64_t gcd_of(const Polynomial& p, bool with_constant) {
  int64_t g = 0;
  for (const auto& [monomial, c] : p)
    if (with_constant || !monomial.empty()) g = std::gcd(g, c);
  return g;
}

/// `a / b` as monomials, if b's atoms all are in a.
std::optional<Monomial> divide(const Monomial& a, const Monomial& b) {
  if (!std::includes(a.begin(), a.end(), b.begin(), b.end())) return std::nullopt;
  Monomial rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  return rest;
}

/// Moves whole multiples of b's leading term out of a: a == quotient * b + rest.
std::pair<Polynomial, Polynomial> divide(const Polynomial& a, const Polynomial& b) {
  const auto& [lead, coefficient] = *b.rbegin();
  Polynomial quotient, rest = a;
  for (bool found = true; found;) {
    found = false;
    for (auto it = rest.rbegin(); it != rest.rend() && !found; ++it) {
      std::optional<Monomial> m = divide(it->first, lead);
      if (!m || it->second % coefficient != 0) continue;
      int64_t q = it->second / coefficient;
      add_term(quotient, *m, q);
      for (const auto& [monomial, c] : b) add_term(rest, multiply(monomial, *m), -checked_multiply(c, q));
      found = true;
      break;
    }
  }
  return {quotient, rest};
}

/// (x // a + c) // k is (x + c * a) // (a * k) for positive a and k.
std::optional<Dim> fold_nested(const Polynomial& rest, int64_t k) {
  int64_t constant = 0;
  const Monomial* inner = nullptr;
  for (const auto& [monomial, c] : rest) {
    if (monomial.empty()) {
      constant = c;
    } else if (!inner && c == 1 && monomial.size() == 1) {
      inner = &monomial;
    } else {
      return std::nullopt;
    }
  }
  if (!inner) return std::nullopt;
  const Atom& a = atom((*inner)[0]);
  if (a.kind != Atom::Kind::kFloorDiv || !a.b.is_static() || a.b.value() <= 0) return std::nullopt;
  return floor_div(a.a + Dim(constant) * a.b, Dim(k) * a.b);
}

Dim floor_div_by_integer(const Polynomial& p, int64_t k) {
  Polynomial whole, rest;
  for (const auto& [monomial, c] : p) {
    int64_t q = floor_div_integers(c, k);
    add_term(whole, monomial, q);
    add_term(rest, monomial, c - q * k);
  }
  if (rest.empty() || (rest.size() == 1 && rest.begin()->first.empty())) return intern(whole);
  if (int64_t g = std::gcd(gcd_of(rest, false), k); g > 1) {
    Polynomial reduced;
    for (const auto& [monomial, c] : rest) add_term(reduced, monomial, c / g);
    return intern(whole) + floor_div_by_integer(reduced, k / g);
  }
  if (k == 1) return intern(whole) + intern(rest);
  if (std::optional<Dim> folded = fold_nested(rest, k)) return intern(whole) + *folded;
  return intern(whole) + intern_atom(Atom::Kind::kFloorDiv, intern(rest), Dim(k));
}

/// The atoms that every term has.
Monomial common_factor(const Polynomial& a, const Polynomial& b) {
  Monomial common = a.begin()->first;
  for (const Polynomial* p : {&a, &b})
    for (const auto& [monomial, c] : *p) {
      Monomial shared;
      std::set_intersection(common.begin(), common.end(), monomial.begin(), monomial.end(),
                            std::back_inserter(shared));
      common = shared;
    }
  return common;
}

Dim reduced_quotient(const Polynomial& a, const Polynomial& b) {
  int64_t g = std::gcd(gcd_of(a, true), gcd_of(b, true));
  Monomial common = common_factor(a, b);
  if (g == 1 && common.empty()) return intern_atom(Atom::Kind::kFloorDiv, intern(a), intern(b));
  Polynomial x, y;
  for (const auto& [monomial, c] : a) add_term(x, *divide(monomial, common), c / g);
  for (const auto& [monomial, c] : b) add_term(y, *divide(monomial, common), c / g);
  return floor_div(intern(x), intern(y));
}

void collect_symbols(Dim dim, std::vector<Dim>& symbols) {
  if (dim.is_static()) return;
  for (const auto& [monomial, c] : polynomial(dim))
    for (AtomId id : monomial) {
      const Atom& a = atom(id);
      if (a.kind == Atom::Kind::kSymbol) {
        Dim symbol = atom_dim(id);
        if (std::find(symbols.begin(), symbols.end(), symbol) == symbols.end()) symbols.push_back(symbol);
      } else {
        collect_symbols(a.a, symbols);
        collect_symbols(a.b, symbols);
      }
    }
}

/// The dim rebuilt with each symbol replaced.
Dim rebuild(Dim dim, const std::function<Dim(Dim symbol)>& replace) {
  if (dim.is_static()) return dim;
  Dim sum = 0;
  for (const auto& [monomial, c] : polynomial(dim)) {
    Dim term = c;
    for (AtomId id : monomial) {
      const Atom& a = atom(id);
      if (a.kind == Atom::Kind::kSymbol) {
        term = term * replace(atom_dim(id));
      } else if (a.kind == Atom::Kind::kFloorDiv) {
        term = term * floor_div(rebuild(a.a, replace), rebuild(a.b, replace));
      } else {
        term = term * dim_max(rebuild(a.a, replace), rebuild(a.b, replace));
      }
    }
    sum = sum + term;
  }
  return sum;
}

}  // namespace

Dim make_symbol(std::string_view name) { return new_symbol(name); }

Dim operator+(Dim a, Dim b) {
  if (a.is_static() && b.is_static()) return checked_add(a.value(), b.value());
  Polynomial sum = polynomial(a);
  for (const auto& [monomial, c] : polynomial(b)) add_term(sum, monomial, c);
  return intern(sum);
}

Dim operator-(Dim a, Dim b) {
  if (a.is_static() && b.is_static()) return checked_add(a.value(), -b.value());
  Polynomial difference = polynomial(a);
  for (const auto& [monomial, c] : polynomial(b)) add_term(difference, monomial, -c);
  return intern(difference);
}

Dim operator*(Dim a, Dim b) {
  if (a.is_static() && b.is_static()) return checked_multiply(a.value(), b.value());
  return intern(product(polynomial(a), polynomial(b)));
}

Dim floor_div(Dim a, Dim b) {
  if (a.is_static() && b.is_static()) return floor_div_integers(a.value(), b.value());
  if (a == Dim(0)) return 0;
  Polynomial p = polynomial(a), q = polynomial(b);
  if (b.is_static()) {
    if (b.value() == 0) raise(ErrorKind::kValue, "division of a size by zero");
    return b.value() > 0 ? floor_div_by_integer(p, b.value())
                         : floor_div_by_integer(scaled(p, -1), -b.value());
  }
  auto [quotient, rest] = divide(p, q);
  if (rest.empty()) return intern(quotient);
  if (q.size() == 1) return intern(quotient) + reduced_quotient(rest, q);
  return reduced_quotient(p, q);
}

Dim dim_max(Dim a, Dim b) {
  if (a.is_static() && b.is_static()) return std::max(a.value(), b.value());
  if (a == b) return a;
  if (auto bound = lower_bound(polynomial(a - b)); bound && *bound >= 0) return a;
  if (auto bound = lower_bound(polynomial(b - a)); bound && *bound >= 0) return b;
  return a.word() < b.word() ? intern_atom(Atom::Kind::kMax, a, b) : intern_atom(Atom::Kind::kMax, b, a);
}

Dim element_count(const Dims& dims) {
  Dim count = 1;
  for (Dim d : dims) count = count * d;
  return count;
}

int64_t evaluate(Dim dim, const SymbolValues& values) {
  if (dim.is_static()) return dim.value();
  return rebuild(dim,
                 [&](Dim symbol) -> Dim {
                   auto it = values.find(symbol.expression());
                   if (it == values.end()) raise(ErrorKind::kValue, "the size ", symbol, " is not known");
                   return it->second;
                 })
      .value();
}

Shape evaluate(const Dims& dims, const SymbolValues& values) {
  Shape shape;
  for (Dim d : dims) shape.push_back(evaluate(d, values));
  return shape;
}

Dim substitute(Dim dim, const std::function<std::optional<Dim>(Dim symbol)>& map) {
  return rebuild(dim, [&](Dim symbol) { return map(symbol).value_or(symbol); });
}

std::vector<Dim> symbols_of(Dim dim) {
  std::vector<Dim> symbols;
  collect_symbols(dim, symbols);
  return symbols;
}

bool is_symbol(Dim dim) {
  AtomId id;
  return is_atom(dim, id) && atom(id).kind == Atom::Kind::kSymbol;
}

Truth equal(Dim a, Dim b) {
  if (a == b) return Truth::kYes;
  Dim difference = a - b;
  if (difference.is_static()) return Truth::kNo;
  Polynomial p = polynomial(difference);
  if (auto bound = lower_bound(p); bound && *bound > 0) return Truth::kNo;
  if (auto bound = lower_bound(scaled(p, -1)); bound && *bound > 0) return Truth::kNo;
  auto constant = p.find(Monomial{});
  if (constant != p.end() && constant->second % gcd_of(p, false) != 0) return Truth::kNo;
  return Truth::kUnknown;
}

}  // namespace miai
