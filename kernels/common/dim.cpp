#include "kernels/common/dim.h"

namespace miai {
namespace {
DimPrinter g_printer = nullptr;
}

void set_dim_printer(DimPrinter printer) { g_printer = printer; }

std::ostream& operator<<(std::ostream& out, Dim dim) {
  if (dim.is_static()) return out << dim.value();
  if (!g_printer) return out << "?" << dim.expression();
  g_printer(out, dim.expression());
  return out;
}

}  // namespace miai
