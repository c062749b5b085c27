// The extension module miai._core.
#include <pybind11/pybind11.h>

#include "imperative/dispatch.h"
#include "python/bindings/bind.h"
#include "python/bindings/errors.h"
#include "python/bindings/operators.h"
#include "python/bindings/tensor_object.h"

namespace py = pybind11;

PYBIND11_MODULE(_core, m) {
  using namespace miai::python;
  m.doc() = "Core of miai; use the package, not this.";
  m.attr("__version__") = MIAI_VERSION;
  m.attr("build_info") = MIAI_BUILD;
  py::register_exception_translator([](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const miai::Error&) {
      set_python_error();
    }
  });
  init_tensor_type(m);
  init_op_function(m);
  bind_tensor(m);
  bind_autodiff(m);
  bind_trace(m);
  bind_runtime(m);
  bind_dtr(m);
  bind_dlpack(m);
  bind_model(m);
  bind_custom_op(m);
  bind_plugin(m);
  bind_debug(m);
  bind_profile(m);
  bind_samples(m);
  install_interrupt_handler();
}
