// A square root that lowerings can be differentiated through.
#pragma once
#include "graph/ops/builders.h"

namespace miai::ops {

/// sqrt with a gradient of 0 at 0, where norms and deviations have a kink.
inline Var root(const Var& x) {
  Var zero = scalar_like(x, 0), is_zero = equal(x, zero);
  return where(is_zero, zero, sqrt(where(is_zero, scalar_like(x, 1), x)));
}

}  // namespace miai::ops
