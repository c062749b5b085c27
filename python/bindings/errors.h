// C++ exceptions to Python exceptions, and Ctrl-C to long work.
#pragma once
#include <Python.h>

#include <exception>
#include <utility>

namespace miai::python {

/// Sets the Python error that fits the exception in flight. Call inside a catch block.
void set_python_error();
/// A Ctrl-C that came while no operator ran belongs to Python, not to the next operator. False: an error is
/// set.
bool settle_interrupt();
/// Has SIGINT cancel running work too, before Python's own handler sees it. Only if that handler is in place.
void install_interrupt_handler();

/// Runs `body`; on an exception sets the Python error and gives `failure`.
template <class Result, class Body>
Result guarded(Result failure, Body&& body) noexcept {
  try {
    if (!settle_interrupt()) return failure;
    return std::forward<Body>(body)();
  } catch (...) {
    set_python_error();
    return failure;
  }
}

}  // namespace miai::python
