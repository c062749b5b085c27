#include "graph/ops/broadcast_checks.h"

namespace miai {

void check_broadcasts_to(const InferContext& c, int i, const Dims& shape) {
  const Dims& own = c.input(i).shape;
  const int added = shape.size() - own.size();
  // What is plain first: a comparison of symbolic sizes becomes a condition of the trace.
  auto fits = [&](const Dim& size, const Dim& wanted) {
    return size == Dim(1) || dims_equal(size, wanted) || dims_equal(size, 1);
  };
  bool all_fit = added >= 0;
  for (int d = 0; all_fit && d < own.size(); ++d) all_fit = fits(own[d], shape[added + d]);
  if (!all_fit)
    c.fail(ErrorKind::kValue, c.input_name(i), "expected a shape that broadcasts to ", shape, ", got ", own);
}

}  // namespace miai
