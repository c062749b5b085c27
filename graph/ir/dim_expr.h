// Arithmetic on dims. Expressions are interned in canonical form (a sum of products of symbols and
// quotients), so equal expressions are the same word.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kernels/common/dim.h"

namespace miai {

/// A fresh symbol; the name is for printing ("n0" if empty). Symbols are sizes: at least 2.
Dim make_symbol(std::string_view name = "");

Dim operator+(Dim a, Dim b);
Dim operator-(Dim a, Dim b);
Dim operator*(Dim a, Dim b);
/// Rounds down, as Python's //. A zero divisor raises ValueError.
Dim floor_div(Dim a, Dim b);
Dim dim_max(Dim a, Dim b);
inline Dim ceil_div(Dim a, Dim b) { return floor_div(a + b - Dim(1), b); }
Dim element_count(const Dims& dims);

/// The values of symbols.
using SymbolValues = std::unordered_map<uint32_t, int64_t>;
/// Each symbol replaced by its value; raises if one is missing.
int64_t evaluate(Dim dim, const SymbolValues& values);
Shape evaluate(const Dims& dims, const SymbolValues& values);
/// Symbols replaced where `map` has them, others kept.
Dim substitute(Dim dim, const std::function<std::optional<Dim>(Dim symbol)>& map);
std::vector<Dim> symbols_of(Dim dim);
/// Solves dim == value for the one symbol in a dim that is a bare symbol; nullopt for other forms.
bool is_symbol(Dim dim);

/// Text such as "(n0 * 3 + 1) // 2", and back; names are looked up in `symbols` and added when new.
std::string to_string(Dim dim);
Dim parse_dim(std::string_view text, std::unordered_map<std::string, Dim>& symbols);

/// What can be said without values: yes, no, or it depends.
enum class Truth { kYes, kNo, kUnknown };
Truth equal(Dim a, Dim b);

/// Called when the answer of a comparison depends on a symbol's value (recording: the tracer answers with the
/// value at hand and keeps a guard). Without a handler such a question raises.
using DimGuard = std::function<bool(Dim a, Dim b)>;  // is a == b?
class DimGuardScope {
 public:
  explicit DimGuardScope(DimGuard guard);
  ~DimGuardScope();
  DimGuardScope(const DimGuardScope&) = delete;
  DimGuardScope& operator=(const DimGuardScope&) = delete;

 private:
  DimGuard previous_;
};
/// a == b, by form or else by the guard in force.
bool dims_equal(Dim a, Dim b);

}  // namespace miai
