#include "graph/ops/reduction.h"

namespace miai {

SampleList& reduction_samples(SampleTable& table, std::string_view op, bool empty, bool distinct) {
  const bool is_index = op.starts_with("arg");
  SampleList& list = table.of(op);
  auto t = [&](SampleTensor tensor) { return distinct ? tensor.all_distinct() : tensor; };
  auto axis = [](int64_t a) { return AttrList{{"axis", a}}; };
  list.valid({t(f32({2, 3}))})
      .valid({t(f32({}))})
      .valid({t(f32({1, 1}))}, axis(0))
      .valid({t(f32({7, 5}).transposed())}, axis(1))
      .valid({t(f32({3, 5, 7}).sliced())}, axis(-2))
      .valid({t(f32({3, 4, 5}))}, {{"axis", int64_t{2}}, {"keepdims", true}})
      .valid({t(f32({3, 4, 5}))}, {{"keepdims", true}})
      .valid({t(f32({33, 40}))}, axis(0))
      .valid({t(f32({1303}))})
      .valid({t(f32({2, 701}))}, axis(1))
      .valid({t(f64({3, 5}))}, axis(0))
      .valid({t(f16({3, 5}))}, axis(1))
      .valid({t(bf16({17}))})
      .valid({t(i64({3, 5}, -9, 9))}, axis(1))
      .valid({t(i32({3, 5}, -9, 9))})
      .valid({typed(DType::kUInt8, {9}).range(0, 9)})
      .valid({f32({0, 3})}, axis(1))
      .valid({b8({4, 3})}, axis(0));
  if (!is_index)
    list.valid({t(f32({3, 4, 5}))}, {{"axis", Ints{0, 2}}})
        .valid({t(f32({2, 19, 4, 5}))}, {{"axis", Ints{0, 2, 3}}})
        .valid({t(f32({2, 3, 4, 5}))}, {{"axis", Ints{1, -1}}, {"keepdims", true}});
  if (empty) list.valid({f32({0, 3})}, axis(0)).valid({f32({3, 0})});
  const std::string name(op);
  if (!empty)
    list.invalid({f32({0, 3})}, axis(0), ErrorKind::kValue,
                 name + ": argument 'inp': expected at least one element along axis 0");
  return list
      .invalid({f32({2, 3})}, axis(2), ErrorKind::kValue,
               name + ": argument 'axis': expected an axis in [-2, 2) of a tensor of rank 2, got 2")
      .invalid({f32({2, 3})}, axis(-3), ErrorKind::kValue, name + ": argument 'axis'")
      .invalid({f32({2, 3})}, {{"axis", std::string("x")}}, ErrorKind::kType,
               name + ": argument 'axis': expected ints or None")
      .invalid({std::nullopt}, {}, ErrorKind::kType, name + ": argument 'inp': missing")
      .invalid({f32({2, 3})}, {{"dim", int64_t{0}}}, ErrorKind::kType, "'dim'")
      .invalid({f32({2, 3})}, {{"axis", Ints{0, 0}}}, ErrorKind::kValue, name + ": argument 'axis'");
}

}  // namespace miai
