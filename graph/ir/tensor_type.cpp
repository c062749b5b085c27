#include "graph/ir/tensor_type.h"

namespace miai {

std::ostream& operator<<(std::ostream& out, const TensorType& type) {
  out << type.dtype << type.shape;
  if (!(type.device == Device{})) out << '@' << type.device;
  return out;
}

}  // namespace miai
