// Counts the memory of operator new in this program.
#pragma once
#include <cstddef>

namespace miai::testing {

/// The most bytes that lived at once since this was made, beyond those that lived then. One at a time.
class PeakMemory {
 public:
  PeakMemory();
  size_t bytes() const;

 private:
  size_t before_;
};

/// A single allocation beyond this raises std::bad_alloc, in sanitizer builds too.
inline constexpr size_t kMostAllocation = size_t{1} << 30;

}  // namespace miai::testing
