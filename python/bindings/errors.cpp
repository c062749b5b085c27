#include "python/bindings/errors.h"

#include <pybind11/pybind11.h>

#include <csignal>
#include <new>

#include "imperative/anomaly.h"
#include "kernels/common/error.h"
#include "runtime/cancel.h"

namespace py = pybind11;

namespace miai::python {
namespace {

struct sigaction g_python_handler;

void on_interrupt(int signal) {
  request_cancel();
  g_python_handler.sa_handler(signal);
}

PyObject* exception_type(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kValue:
      return PyExc_ValueError;
    case ErrorKind::kType:
      return PyExc_TypeError;
    case ErrorKind::kIndex:
      return PyExc_IndexError;
    case ErrorKind::kMemory:
      return PyExc_MemoryError;
    case ErrorKind::kNotImplemented:
      return PyExc_NotImplementedError;
    case ErrorKind::kIo:
      return PyExc_OSError;
    case ErrorKind::kCancelled:
      return PyExc_KeyboardInterrupt;
    case ErrorKind::kOverflow:
      return PyExc_OverflowError;
    case ErrorKind::kRuntime:
      break;
  }
  return PyExc_RuntimeError;
}

void set_error(const Error& error) {
  if (error.kind() == ErrorKind::kCancelled) {
    consume_cancel();
    if (PyErr_CheckSignals() != 0) return;  // Python's own handler has raised
  }
  bool is_anomaly = dynamic_cast<const AnomalyError*>(&error) != nullptr;
  PyErr_SetString(is_anomaly ? PyExc_FloatingPointError : exception_type(error.kind()), error.what());
}

}  // namespace

void set_python_error() {
  if (PyErr_Occurred()) return;
  try {
    throw;
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const py::builtin_exception& error) {
    error.set_error();
  } catch (const Error& error) {
    set_error(error);
  } catch (const std::bad_alloc&) {
    PyErr_SetString(PyExc_MemoryError, "out of host memory");
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
}

bool settle_interrupt() {
  if (!cancel_requested()) return true;
  consume_cancel();
  return PyErr_CheckSignals() == 0;
}

void install_interrupt_handler() {
  struct sigaction current;
  if (sigaction(SIGINT, nullptr, &current) != 0 || current.sa_handler == SIG_DFL ||
      current.sa_handler == SIG_IGN)
    return;
  g_python_handler = current;
  struct sigaction ours = current;
  ours.sa_handler = on_interrupt;
  sigaction(SIGINT, &ours, nullptr);
}

}  // namespace miai::python
