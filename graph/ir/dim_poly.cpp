#include "graph/ir/dim_poly.h"

#include <deque>
#include <mutex>
#include <tuple>

namespace miai::dims {
namespace {

// Entries never move or change, so that a reference may be used without the lock.
struct Table {
  Table() { set_dim_printer(print_expression); }
  std::mutex mutex;
  std::deque<Polynomial> polynomials;
  std::map<Polynomial, uint32_t> ids;
  std::deque<Atom> atoms;
  std::map<std::tuple<Atom::Kind, uint64_t, uint64_t>, AtomId> compound;
  int symbol_count = 0;
};

Table& table() {
  static Table* table = new Table;  // outlives every static that prints a dim
  return *table;
}

constexpr int64_t kLimit = int64_t{1} << 62;
// Expressions are kept for the life of the process: a damaged file must not make huge ones.
constexpr size_t kMostTerms = 256, kMostFactors = 64;

void check_terms(size_t terms) {
  if (terms > kMostTerms)
    raise(ErrorKind::kOverflow, "a size's expression has more than ", kMostTerms, " terms");
}

int64_t check_range(int64_t value, bool overflowed) {
  if (overflowed || value >= kLimit || value < -kLimit)
    raise(ErrorKind::kOverflow, "sizes too large: the number of elements does not fit 62 bits");
  return value;
}

Dim intern_locked(Table& t, const Polynomial& p) {
  if (p.empty()) return Dim(0);
  if (p.size() == 1 && p.begin()->first.empty()) return Dim(p.begin()->second);
  auto [it, is_new] = t.ids.try_emplace(p, static_cast<uint32_t>(t.polynomials.size()));
  if (is_new) t.polynomials.push_back(p);
  return Dim::symbolic(it->second);
}

AtomId add_atom(Table& t, Atom atom) {
  t.atoms.push_back(std::move(atom));
  return static_cast<AtomId>(t.atoms.size() - 1);
}

}  // namespace

const Atom& atom(AtomId id) {
  Table& t = table();
  std::lock_guard lock(t.mutex);
  return t.atoms[id];
}

Dim atom_dim(AtomId id) { return intern({{{id}, 1}}); }

Dim new_symbol(std::string_view name) {
  Table& t = table();
  std::lock_guard lock(t.mutex);
  std::string given(name);
  if (given.empty()) given = "n" + std::to_string(t.symbol_count++);
  AtomId id = add_atom(t, {Atom::Kind::kSymbol, std::move(given), {}, {}});
  return intern_locked(t, {{{id}, 1}});
}

Dim intern_atom(Atom::Kind kind, Dim a, Dim b) {
  Table& t = table();
  std::lock_guard lock(t.mutex);
  auto [it, is_new] = t.compound.try_emplace({kind, a.word(), b.word()}, 0);
  if (is_new) it->second = add_atom(t, {kind, {}, a, b});
  return intern_locked(t, {{{it->second}, 1}});
}

Polynomial polynomial(Dim dim) {
  if (dim.is_static()) return dim.value() == 0 ? Polynomial{} : Polynomial{{{}, dim.value()}};
  Table& t = table();
  std::lock_guard lock(t.mutex);
  return t.polynomials[dim.expression()];
}

Dim intern(const Polynomial& p) {
  Table& t = table();
  std::lock_guard lock(t.mutex);
  return intern_locked(t, p);
}

bool is_atom(Dim dim, AtomId& id) {
  if (dim.is_static()) return false;
  Polynomial p = polynomial(dim);
  if (p.size() != 1 || p.begin()->second != 1 || p.begin()->first.size() != 1) return false;
  id = p.begin()->first[0];
  return true;
}

int64_t checked_add(int64_t a, int64_t b) {
  int64_t sum;
  bool overflowed = __builtin_add_overflow(a, b, &sum);
  return check_range(sum, overflowed);
}

int64_t checked_multiply(int64_t a, int64_t b) {
  int64_t product;
  bool overflowed = __builtin_mul_overflow(a, b, &product);
  return check_range(product, overflowed);
}

int64_t floor_div_integers(int64_t a, int64_t b) {
  if (b == 0) raise(ErrorKind::kValue, "division of a size by zero");
  int64_t q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}

void add_term(Polynomial& to, const Monomial& monomial, int64_t coefficient) {
  if (coefficient == 0) return;
  auto [it, is_new] = to.try_emplace(monomial, coefficient);
  if (is_new) return check_terms(to.size());
  it->second = checked_add(it->second, coefficient);
  if (it->second == 0) to.erase(it);
}

Monomial multiply(const Monomial& a, const Monomial& b) {
  if (a.size() + b.size() > kMostFactors)
    raise(ErrorKind::kOverflow, "a size's expression has a product of more than ", kMostFactors, " factors");
  Monomial product(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), product.begin());
  return product;
}

}  // namespace miai::dims
