// Python objects that C++ threads hold and call.
#pragma once
#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "kernels/common/error.h"

namespace miai::python {

namespace py = pybind11;

/// A Python object that C++ threads share: every touch of its count holds the GIL.
using SharedObject = std::shared_ptr<py::object>;
SharedObject share(py::object object);

/// Calls `body` with the GIL; a Python exception as ours: "op: its <what> raised ...". The reader may be
/// another thread, and states must survive a failed step.
template <class Body>
auto calling_python(const std::string& op, const char* what, Body&& body) {
  py::gil_scoped_acquire gil;
  try {
    return body();
  } catch (py::error_already_set& error) {
    if (error.matches(PyExc_KeyboardInterrupt)) raise(ErrorKind::kCancelled, op, ": interrupted");
    std::string text = error.what();
    error.discard_as_unraisable("an error of Python code in an operator, reported as RuntimeError");
    raise(ErrorKind::kRuntime, op, ": its ", what, " raised ", text.substr(0, text.find('\n')));
  }
}

}  // namespace miai::python
