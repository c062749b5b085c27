// Attributes of operators that are registered at run time: a list of values beside a list of fields.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "kernels/common/attrs/attrs.h"

namespace miai {

struct RuntimeField {
  std::string name, doc;
  AttrKind kind = AttrKind::kInt;
  AttrValue initial;  // the default
};

/// The type of such attributes; it must live as long as attributes of it. Raises TypeError for a default that
/// is not of the field's kind.
std::shared_ptr<const AttrsType> runtime_attrs_type(std::vector<RuntimeField> fields);

/// A field's value where the attributes keep it. Raises TypeError for an unknown name.
const AttrValue& runtime_attr(const Attrs& attrs, std::string_view name);

}  // namespace miai
