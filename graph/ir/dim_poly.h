// The canonical form of symbolic dims: polynomials with integer coefficients over atoms (symbols, quotients,
// maxima), interned for the life of the process. Thread-safe.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kernels/common/dim.h"

namespace miai::dims {

using AtomId = uint32_t;
/// A product of atoms, sorted, with repetition; empty for the constant term.
using Monomial = std::vector<AtomId>;

/// By degree, then by atoms: an order that multiplication keeps, as division needs.
struct MonomialOrder {
  bool operator()(const Monomial& a, const Monomial& b) const {
    return a.size() != b.size() ? a.size() < b.size() : a > b;
  }
};
/// Coefficients, none of them 0.
using Polynomial = std::map<Monomial, int64_t, MonomialOrder>;

struct Atom {
  enum class Kind { kSymbol, kFloorDiv, kMax } kind;
  std::string name;  // of a symbol
  Dim a, b;          // operands of the others
};

const Atom& atom(AtomId id);
/// The atom itself as a dim.
Dim atom_dim(AtomId id);
Dim new_symbol(std::string_view name);
Dim intern_atom(Atom::Kind kind, Dim a, Dim b);

/// The polynomial of a dim, symbolic or not.
Polynomial polynomial(Dim dim);
/// The dim of a polynomial: an integer if it is constant.
Dim intern(const Polynomial& polynomial);
/// The atom, if the dim is one with coefficient 1.
bool is_atom(Dim dim, AtomId& id);

/// Registered with set_dim_printer when the first symbol is made.
void print_expression(std::ostream& out, uint32_t expression);

/// Arithmetic that raises OverflowError where 62 bits do not hold the result.
int64_t checked_add(int64_t a, int64_t b);
int64_t checked_multiply(int64_t a, int64_t b);
int64_t floor_div_integers(int64_t a, int64_t b);
void add_term(Polynomial& to, const Monomial& monomial, int64_t coefficient);
Monomial multiply(const Monomial& a, const Monomial& b);

}  // namespace miai::dims
