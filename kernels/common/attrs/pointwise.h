// Attributes of the one pointwise kernel: the program. In text and files it is a compact string.
#pragma once
#include "kernels/common/attrs/attrs.h"
#include "kernels/common/pointwise/program.h"

namespace miai {

/// "in:float32#0;in:float32#1;add:float32,0,1 -> 2": an instruction a register, then the outputs.
std::string program_to_text(const pointwise::Program& program);
/// Raises ValueError for what is no program.
pointwise::Program program_from_text(std::string_view text);

template <>
struct AttrTraits<pointwise::Program> {
  static constexpr AttrKind kind = AttrKind::kString;
  static constexpr bool optional = false;
  static AttrValue to_value(const pointwise::Program& program) { return program_to_text(program); }
  static pointwise::Program from_value(const AttrValue& value, const FieldInfo& field) {
    if (const std::string* text = std::get_if<std::string>(&value)) return program_from_text(*text);
    raise_attr_type(field, value);
  }
};

struct PointwiseAttrs {
  pointwise::Program program;
  static auto fields() {
    return std::tuple{field("program", &PointwiseAttrs::program, "scalar instructions, one a register")};
  }
};

}  // namespace miai
