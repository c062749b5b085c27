// The extension module miai._core.
#include <pybind11/pybind11.h>

PYBIND11_MODULE(_core, m) {
  m.doc() = "Core of miai; use the package, not this.";
  m.attr("__version__") = MIAI_VERSION;
}
