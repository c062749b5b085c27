#include "runtime/mapped_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>

namespace miai {
namespace {

std::mutex& mappings_mutex() {
  static std::mutex mutex;
  return mutex;
}
/// Bytes by first address.
std::map<uintptr_t, size_t>& mappings() {
  static auto* const mappings =
      new std::map<uintptr_t, size_t>;  // NOLINT: tensors may outlive static objects
  return *mappings;
}

}  // namespace

void add_mapping(const void* data, size_t bytes) {
  std::lock_guard lock(mappings_mutex());
  mappings()[reinterpret_cast<uintptr_t>(data)] = bytes;
}

void remove_mapping(const void* data) {
  std::lock_guard lock(mappings_mutex());
  mappings().erase(reinterpret_cast<uintptr_t>(data));
}

void drop_pages(const void* data, size_t bytes) {
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  auto begin = reinterpret_cast<uintptr_t>(data), end = begin + bytes;
  std::lock_guard lock(mappings_mutex());
  auto after = mappings().upper_bound(begin);
  if (after == mappings().begin()) return;
  auto it = std::prev(after);
  if (end > it->first + it->second) return;
  begin = (begin + page - 1) / page * page;  // pages that others share stay
  end = end / page * page;
  if (begin < end)
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // NOLINT: an address
}

}  // namespace miai
