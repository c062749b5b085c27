#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"

namespace miai::ops {

void define_argmin(OpTable& table) {
  table.add(reduction_op(
      "argmin",
      R"(Index of the first smallest element along an axis (of the flattened tensor if None); int64. The first NaN counts as smallest.

>>> import miai as mi, miai.functional as F
>>> F.argmin(mi.tensor([1.0, 5.0, 0.0])).tolist()
2
)",
      ReduceResult::kIndex));
}

void define_argmin_samples(SampleTable& samples) {
  SampleList& list = reduction_samples(samples, "argmin", false, true);
  list.check_grad = false;  // an index
}

}  // namespace miai::ops
