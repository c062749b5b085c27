#include "python/bindings/shared_object.h"

namespace miai::python {

SharedObject share(py::object object) {
  return {new py::object(std::move(object)), [](py::object* held) {  // NOLINT: the deleter takes the GIL
            if (Py_IsInitialized()) {
              py::gil_scoped_acquire gil;
              delete held;  // NOLINT
            } else {
              held->release();  // a registry that outlives the interpreter
              delete held;      // NOLINT
            }
          }};
}

}  // namespace miai::python
