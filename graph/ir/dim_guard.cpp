// Comparisons whose answer depends on a symbol's value.
#include "graph/ir/dim_expr.h"

namespace miai {
namespace {
thread_local DimGuard g_guard;
}

DimGuardScope::DimGuardScope(DimGuard guard) : previous_(std::exchange(g_guard, std::move(guard))) {}
DimGuardScope::~DimGuardScope() { g_guard = std::move(previous_); }

bool dims_equal(Dim a, Dim b) {
  Truth truth = equal(a, b);
  if (truth != Truth::kUnknown) return truth == Truth::kYes;
  if (g_guard) return g_guard(a, b);
  raise(ErrorKind::kValue, "whether ", a, " equals ", b, " depends on the sizes of the inputs");
}

}  // namespace miai
