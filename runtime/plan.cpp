#include "runtime/plan.h"

#include "runtime/size_class.h"

namespace miai {
namespace {

/// As the allocator counts it.
int64_t counted(size_t bytes) {
  return static_cast<int64_t>((bytes + kBlockAlign - 1) / kBlockAlign * kBlockAlign);
}

}  // namespace

int64_t Plan::held_bytes() const {
  int64_t sum = 0;
  for (const std::vector<TensorMeta>* metas : {&inputs, &states})
    for (const TensorMeta& meta : *metas)
      if (meta.present) sum += counted(byte_size(meta));
  return sum;
}

int64_t Plan::peak_bytes() const {
  int64_t sum = arena_bytes() + held_bytes() + (packed ? packed->bytes() : 0);
  for (const Base& base : bases)
    if (base.kind == BaseKind::kFresh) sum += counted(base.bytes);
  return sum;
}

}  // namespace miai
