// Tapes and no_grad for python/miai/autodiff.
#include <pybind11/stl.h>

#include "imperative/dispatch.h"
#include "imperative/tape.h"
#include "python/bindings/bind.h"
#include "python/bindings/convert.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

/// A tape with the sources that were attached to it, in order.
class PyTape {
 public:
  void attach(const std::vector<py::object>& tensors) {
    for (const py::object& tensor : tensors) {
      const ValuePtr& value = value_of(tensor.ptr());
      if (!is_float(value->ref.meta.dtype))
        raise(ErrorKind::kType, "attach: expected floating tensors, got ", value->ref.meta.dtype);
      tape_.attach(value);
      sources_.push_back(value->id);
    }
  }
  void start() { tape_.start(); }
  void stop() { tape_.stop(); }
  void clear() {
    tape_.clear();
    sources_.clear();
  }

  std::vector<py::object> backward(const std::vector<py::object>& targets,
                                   const std::vector<py::object>& grads) {
    Vars target_vars, grad_vars;
    for (const py::object& t : targets) target_vars.push_back(var_of(t.ptr()));
    for (const py::object& g : grads) grad_vars.push_back(var_of(g.ptr()));
    Vars result;
    {
      py::gil_scoped_release release;
      result = tape_.backward(target_vars, grad_vars, sources_);
    }
    std::vector<py::object> wrapped;
    for (const Var& grad : result) wrapped.push_back(grad ? wrap(grad) : py::none());
    return wrapped;
  }
  bool tracks(py::handle tensor) const { return tape_.tracks(value_of(tensor.ptr())->id); }

 private:
  Tape tape_;
  std::vector<uint64_t> sources_;
};

/// Enters and leaves NoGradScope from Python's with.
class NoGrad {
 public:
  void enter() { scopes_.push_back(std::make_unique<NoGradScope>()); }
  void leave() { scopes_.pop_back(); }

 private:
  std::vector<std::unique_ptr<NoGradScope>> scopes_;
};

}  // namespace

void bind_autodiff(py::module_& m) {
  py::class_<PyTape>(m, "Tape")
      .def(py::init<>())
      .def("attach", &PyTape::attach)
      .def("start", &PyTape::start)
      .def("stop", &PyTape::stop)
      .def("clear", &PyTape::clear)
      .def("backward", &PyTape::backward)
      .def("tracks", &PyTape::tracks);
  py::class_<NoGrad>(m, "NoGrad").def(py::init<>()).def("enter", &NoGrad::enter).def("leave", &NoGrad::leave);
  m.def(
      "is_tracked",
      [](const std::vector<py::object>& tensors) {
        Vars vars;
        for (const py::object& t : tensors) vars.push_back(to_var(cell_of(t.ptr()).value()));
        return any_tape_tracks(vars);
      },
      "Whether a tape in force depends on one of the tensors.");
  m.def("has_gradient",
        [](const std::string& op) { return GradTable::global().find(op) != nullptr || find_op(op).lower; });
}

}  // namespace miai::python
