#include "sdk/src/status.h"

#include <new>
#include <string>

#include "kernels/common/error.h"
#include "runtime/cancel.h"

namespace miai::sdk {
namespace {

std::string& message() {
  thread_local std::string text;
  return text;
}

miai_status code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kValue:
      return MIAI_VALUE_ERROR;
    case ErrorKind::kType:
      return MIAI_TYPE_ERROR;
    case ErrorKind::kIndex:
      return MIAI_INDEX_ERROR;
    case ErrorKind::kRuntime:
      return MIAI_RUNTIME_ERROR;
    case ErrorKind::kMemory:
      return MIAI_MEMORY_ERROR;
    case ErrorKind::kNotImplemented:
      return MIAI_NOT_IMPLEMENTED;
    case ErrorKind::kIo:
      return MIAI_IO_ERROR;
    case ErrorKind::kCancelled:
      return MIAI_CANCELLED;
    case ErrorKind::kOverflow:
      return MIAI_OVERFLOW_ERROR;
  }
  return MIAI_RUNTIME_ERROR;
}

miai_status keep(miai_status status, const char* text) noexcept {
  try {
    message() = text;
  } catch (...) {  // no memory for the message: the code stands alone
  }
  return status;
}

}  // namespace

miai_status keep_error() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) consume_cancel();
    return keep(code_of(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    return keep(MIAI_MEMORY_ERROR, "out of host memory");
  } catch (const std::exception& error) {
    return keep(MIAI_RUNTIME_ERROR, error.what());
  } catch (...) {
    return keep(MIAI_RUNTIME_ERROR, "unknown failure");
  }
}

}  // namespace miai::sdk

const char* miai_last_error() { return miai::sdk::message().c_str(); }
