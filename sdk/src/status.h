// Exceptions to error codes, with the message kept for the thread.
#pragma once
#include <exception>
#include <utility>

#include "miai/miai.h"

namespace miai::sdk {

/// Keeps the message of the exception in flight and gives its code. Call inside a catch block.
miai_status keep_error() noexcept;

template <class Body>
miai_status guarded(Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return MIAI_OK;
  } catch (...) {
    return keep_error();
  }
}

}  // namespace miai::sdk
