// A tensor's entry in the header of a safetensors file.
#pragma once
#include <cstdint>

#include "graph/serialize/json_view.h"
#include "kernels/common/dtype.h"
#include "kernels/common/small_vector.h"

namespace miai {

struct HeaderEntry {
  DType dtype = DType::kFloat32;
  Shape shape;
  uint64_t begin = 0, end = 0;  // after the header
};

/// Reads an entry and checks that its size fits its shape. Raises ValueError.
HeaderEntry read_entry(const JsonView& name, const JsonView& fields);

}  // namespace miai
