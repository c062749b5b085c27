#include "python/bindings/user_line.h"

#include <pybind11/pybind11.h>

namespace py = pybind11;

namespace miai::python {
namespace {

std::string& package_folder() {
  static std::string folder = "?";
  return folder;
}

std::string file_of(PyFrameObject* frame) {
  py::object code = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(PyFrame_GetCode(frame)));
  return py::str(code.attr("co_filename"));
}

}  // namespace

void set_package_folder(const std::string& folder) { package_folder() = folder; }

std::string user_line() {
  py::gil_scoped_acquire gil;
  py::object frame = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(PyEval_GetFrame()));
  while (frame) {
    auto* f = reinterpret_cast<PyFrameObject*>(frame.ptr());
    std::string file = file_of(f);
    if (!file.starts_with(package_folder())) {
      size_t slash = file.rfind('/');
      return (slash == std::string::npos ? file : file.substr(slash + 1)) + ":" +
             std::to_string(PyFrame_GetLineNumber(f));
    }
    frame = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(PyFrame_GetBack(f)));
  }
  return "";
}

}  // namespace miai::python
