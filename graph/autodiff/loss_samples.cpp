#include "graph/ops/losses.h"

namespace miai {

SampleList& loss_samples(SampleTable& table, std::string_view op, double low, double high) {
  SampleList& list = table.of(op);
  auto pred = [](SampleTensor t) { return t; };
  auto label = [&](SampleTensor t) { return t.range(low, high); };
  auto as = [](const char* reduction) { return AttrList{{"reduction", std::string(reduction)}}; };
  list.valid({pred(f32({2, 3})), label(f32({2, 3}))})
      .valid({pred(f32({2, 3})), label(f32({2, 3}))}, as("sum"))
      .valid({pred(f32({2, 3})), label(f32({2, 3}))}, as("none"))
      .valid({pred(f32({})), label(f32({}))})
      .valid({pred(f32({1, 1})), label(f32({1, 1}))})
      .valid({pred(f32({0, 3})), label(f32({0, 3}))}, as("sum"))
      .valid({pred(f32({7, 5}).transposed()), label(f32({7, 5}))})
      .valid({pred(f32({3, 5, 7}).sliced()), label(f32({3, 5, 7}).sliced())})
      .valid({pred(f32({4, 6})), label(f32({4, 6}).broadcast())})
      .valid({pred(f32({1303})), label(f32({1303}))})
      .valid({pred(f64({3, 5})), label(f64({3, 5}))})
      .valid({pred(f16({3, 5})), label(f16({3, 5}))})
      .valid({pred(bf16({3, 5})), label(bf16({3, 5}))}, as("none"));
  const std::string name(op);
  return list
      .invalid({f32({2, 3}), f32({2, 4})}, {}, ErrorKind::kValue,
               name + ": argument 'label': expected shape [2, 3] as 'pred' has, got [2, 4]")
      .invalid({f32({2, 3}), f64({2, 3})}, {}, ErrorKind::kType,
               name + ": argument 'label': expected dtype float32")
      .invalid({i64({2, 3}), i64({2, 3})}, {}, ErrorKind::kType,
               name + ": argument 'pred': expected a floating dtype")
      .invalid({f32({2, 3}), f32({2, 3})}, as("max"), ErrorKind::kValue,
               name + ": argument 'reduction': expected 'mean', 'sum' or 'none', got 'max'")
      .invalid({f32({2, 3})}, {}, ErrorKind::kType, name + ": argument 'label': missing")
      .invalid({f32({2}), f32({2})}, {{"axis", int64_t{0}}}, ErrorKind::kType, "'axis'");
}

}  // namespace miai
