// Small operators for tests of the graph: what they are is under the test's control.
//   toy_add(a, b)            may write over a or b; its kernel cannot fail
//   toy_scale(a) {factor}    may write over a; its kernel cannot fail
//   toy_heavy(a)             a + 1, with workspace; its kernel can fail
//   toy_rows(a)              a + 1; its kernel takes row-major tensors alone
//   toy_halves(a)            two outputs: the halves of axis 0
//   toy_twice_plus(a, b)     a composite: toy_add(toy_scale(a) {factor=2.0}, b)
//   toy_effect(a)            has an effect; counts its runs
//   toy_optional(a, b?, c?)  a, plus b and c where given
#pragma once
#include <vector>

#include "graph/compile/executable.h"

namespace miai::testing {

struct ToyScaleAttrs {
  double factor = 1;
  std::string note;
  DType tag = DType::kFloat32;
  Dim size = 0;
  Ints list;
  Dims dims;
  Number number;
  static auto fields() {
    return std::tuple{field("factor", &ToyScaleAttrs::factor, "of every element"),
                      field("note", &ToyScaleAttrs::note, "any text"),
                      field("tag", &ToyScaleAttrs::tag, "any dtype"),
                      field("size", &ToyScaleAttrs::size, "any dim"),
                      field("list", &ToyScaleAttrs::list, "any ints"),
                      field("dims", &ToyScaleAttrs::dims, "any dims"),
                      field("number", &ToyScaleAttrs::number, "any number or dim")};
  }
};

/// Registers the operators and their kernels, once a process.
void use_toy_ops();
int toy_effect_runs();

/// A dense float32 tensor on the device.
TensorRef make_tensor(const Shape& shape, const std::vector<float>& values, Device device = {});
TensorRef make_tensor(const Shape& shape, float value, Device device = {});
std::vector<float> values_of(const TensorRef& tensor);

/// The function of this text, renumbered as passes leave it: what a pass made can be compared with it.
std::string normal_text(std::string_view text);
std::string normal_text(const Function& function);

}  // namespace miai::testing
