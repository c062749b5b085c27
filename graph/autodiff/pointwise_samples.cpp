#include "graph/ops/pointwise_samples.h"

namespace miai {

SampleList& unary_samples(SampleTable& table, std::string_view op, double low, double high) {
  SampleList& list = table.of(op);
  auto t = [&](SampleTensor tensor) { return tensor.range(low, high); };
  list.valid({t(f32({2, 3}))})
      .valid({t(f32({}))})
      .valid({t(f32({0, 3}))})
      .valid({t(f32({1, 1}))})
      .valid({t(f32({7, 5}).transposed())})
      .valid({t(f32({3, 5, 7}).sliced())})
      .valid({t(f32({4, 6}).broadcast())})
      .valid({t(f32({1303}))})
      .valid({t(f32({2, 3, 4, 5}))})
      .valid({t(f64({3, 5}))})
      .valid({t(f16({3, 5}))})
      .valid({t(bf16({17}))})
      .valid({t(f64({2, 600}).transposed())});
  const std::string name(op);
  return list.invalid({std::nullopt}, {}, ErrorKind::kType, name + ": argument 'x': missing")
      .invalid({}, {}, ErrorKind::kType, name + ": argument 'x': missing")
      .invalid({f32({2}), f32({2})}, {}, ErrorKind::kType, name)
      .invalid({f32({2})}, {{"axis", int64_t{0}}}, ErrorKind::kType, "'axis'")
      .invalid({f32({2})}, {{"out", int64_t{0}}}, ErrorKind::kType, "'out'");
}

SampleList& binary_samples(SampleTable& table, std::string_view op, double low, double high) {
  SampleList& list = table.of(op);
  auto t = [&](SampleTensor tensor) { return tensor.range(low, high); };
  list.valid({t(f32({2, 3})), t(f32({2, 3}))})
      .valid({t(f32({})), t(f32({4}))})
      .valid({t(f32({0, 3})), t(f32({3}))})
      .valid({t(f32({2, 1, 3})), t(f32({4, 1}))})
      .valid({t(f32({7, 5}).transposed()), t(f32({7, 5}))})
      .valid({t(f32({3, 5, 7}).sliced()), t(f32({7}))})
      .valid({t(f32({4, 6}).broadcast()), t(f32({4, 6}))})
      .valid({t(f32({1303})), t(f32({1}))})
      .valid({t(f32({2, 3, 4, 5})), t(f32({1, 3, 1, 1}))})
      .valid({t(f64({3, 5})), t(f64({3, 5}))})
      .valid({t(f16({3, 5})), t(f16({5}))})
      .valid({t(bf16({17})), t(bf16({17}))})
      .valid({t(f32({5})), t(f64({5}))});
  const std::string name(op);
  return list
      .invalid({f32({2, 3}), f32({4})}, {}, ErrorKind::kValue,
               name + ": argument 'y': expected a shape that broadcasts")
      .invalid({f32({2}), std::nullopt}, {}, ErrorKind::kType, name + ": argument 'y': missing")
      .invalid({std::nullopt, f32({2})}, {}, ErrorKind::kType, name + ": argument 'x': missing")
      .invalid({f32({2}), f32({2}), f32({2})}, {}, ErrorKind::kType, name)
      .invalid({f32({2}), f32({2})}, {{"axis", int64_t{0}}}, ErrorKind::kType, "'axis'");
}

void integer_samples(SampleList& list, int inputs, double low, double high) {
  for (DType dtype : {DType::kInt64, DType::kInt32, DType::kInt16, DType::kInt8}) {
    std::vector<std::optional<SampleTensor>> tensors;
    for (int i = 0; i < inputs; ++i) tensors.push_back(typed(dtype, {3, 5}).range(low, high));
    list.valid(tensors);
  }
  std::vector<std::optional<SampleTensor>> bytes;
  for (int i = 0; i < inputs; ++i) bytes.push_back(typed(DType::kUInt8, {9}).range(low < 0 ? 0 : low, high));
  list.valid(bytes);
}

void bool_samples(SampleList& list, int inputs) {
  std::vector<std::optional<SampleTensor>> tensors;
  for (int i = 0; i < inputs; ++i) tensors.push_back(b8({4, 3}));
  list.valid(tensors);
}

SampleList& bitwise_samples(SampleTable& table, std::string_view op, bool with_bools) {
  SampleList& list = table.of(op);
  integer_samples(list, 2, 0, 7);
  list.valid({i64({}, 0, 9), i64({4}, 0, 7)})
      .valid({i64({0, 3}), i64({3})})
      .valid({i64({2, 1, 3}, -9, 9), i64({4, 1}, 0, 7)})
      .valid({i32({7, 5}, -9, 9).transposed(), i32({7, 5}, 0, 7)})
      .valid({i64({1303}, -9, 9), i32({1}, 0, 7)});
  if (with_bools) bool_samples(list, 2);
  const std::string name(op);
  return list
      .invalid({f32({2}), f32({2})}, {}, ErrorKind::kType,
               name + ": argument 'x': expected an integer dtype, got float32")
      .invalid({i64({2}), f32({2})}, {}, ErrorKind::kType, name + ": argument 'y': expected an integer dtype")
      .invalid({i64({2}), i64({3})}, {}, ErrorKind::kValue,
               name + ": argument 'y': expected a shape that broadcasts")
      .invalid({i64({2}), std::nullopt}, {}, ErrorKind::kType, name + ": argument 'y': missing")
      .invalid({i64({2}), i64({2})}, {{"axis", int64_t{0}}}, ErrorKind::kType, "'axis'");
}

}  // namespace miai
