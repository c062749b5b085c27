#include "runtime/plan.h"

namespace miai {

int64_t Plan::peak_bytes() const {
  int64_t sum = arena_bytes();
  for (const Base& base : bases)
    if (base.kind == BaseKind::kFresh) sum += static_cast<int64_t>(base.bytes);
  for (const std::vector<TensorMeta>* metas : {&inputs, &states})
    for (const TensorMeta& meta : *metas)
      if (meta.present) sum += static_cast<int64_t>(byte_size(meta));
  return sum;
}

}  // namespace miai
