// Memory that reading a file may take: a function is larger in memory than its text, and a small file must
// not make a large one.
#pragma once
#include <cstddef>

#include "kernels/common/error.h"

namespace miai {

class Budget {
 public:
  explicit Budget(size_t bytes) : left_(bytes) {}
  /// Raises ValueError when there is not so much left.
  void take(size_t bytes) {
    if (bytes > left_) raise(ErrorKind::kValue, "the functions are too large for a file of this size");
    left_ -= bytes;
  }

 private:
  size_t left_;
};

}  // namespace miai
