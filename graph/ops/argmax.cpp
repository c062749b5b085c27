#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"

namespace miai::ops {

void define_argmax(OpTable& table) {
  table.add(reduction_op(
      "argmax",
      R"(Index of the first largest element along an axis (of the flattened tensor if None); int64. The first NaN counts as largest.

>>> import miai as mi, miai.functional as F
>>> F.argmax(mi.tensor([1.0, 5.0, 3.0])).tolist()
1
)",
      ReduceResult::kIndex));
}

void define_argmax_samples(SampleTable& samples) {
  SampleList& list = reduction_samples(samples, "argmax", false, true);
  list.check_grad = false;  // an index
}

}  // namespace miai::ops
