// For tests: code that runs while there is no memory to be had.
#pragma once

namespace miai::test {

/// While it lives, `new` fails on this thread, and so does the next allocation of tensor memory on any.
class NoMemory {
 public:
  NoMemory();
  ~NoMemory();
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;
};

/// While it lives, the n-th `new` from here on fails on this thread, once.
class FailNewAt {
 public:
  explicit FailNewAt(long n);
  ~FailNewAt();
  FailNewAt(const FailNewAt&) = delete;
  FailNewAt& operator=(const FailNewAt&) = delete;
  bool has_failed() const;
};

}  // namespace miai::test
