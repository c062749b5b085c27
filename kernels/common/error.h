// The exceptions of the core. The Python bindings and the C ABI map each kind to the fitting type or code.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace miai {

enum class ErrorKind {
  kValue,           // an argument has the right type and a wrong value or shape: ValueError
  kType,            // wrong dtype, unknown keyword, not a tensor: TypeError
  kIndex,           // index out of bounds: IndexError
  kRuntime,         // a kernel or device failed: RuntimeError
  kMemory,          // out of memory: MemoryError
  kNotImplemented,  // valid, and not supported here: NotImplementedError
  kIo,              // a file is missing, truncated or damaged: OSError
  kCancelled,       // stopped by the user: KeyboardInterrupt
  kOverflow,        // a number does not fit: OverflowError
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// Joins the parts into one message: `raise(ErrorKind::kValue, "sum: argument 'axis': got ", axis)`.
template <class... Parts>
[[noreturn]] void raise(ErrorKind kind, const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  throw Error(kind, text.str());
}

}  // namespace miai
