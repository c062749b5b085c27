// Operators in shared libraries.
#include <pybind11/stl.h>

#include "graph/autodiff/plugin_gradient.h"
#include "graph/plugin/load.h"
#include "python/bindings/bind.h"

namespace miai::python {

void bind_plugin(pybind11::module_& m) {
  m.def(
      "load_plugin", [](const std::string& path) { return load_plugin(path, add_plugin_gradient); },
      pybind11::arg("path"), "Loads a plugin; the names of its operators.");
}

}  // namespace miai::python
