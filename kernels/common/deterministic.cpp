#include "kernels/common/deterministic.h"

#include <atomic>
#include <cstdlib>
#include <string_view>

namespace miai {
namespace {

std::atomic<bool>& flag() {
  static std::atomic<bool> on = [] {
    const char* value = std::getenv("MIAI_DETERMINISTIC");
    return value && std::string_view(value) != "0";
  }();
  return on;
}

}  // namespace

bool is_deterministic() { return flag().load(std::memory_order_relaxed); }
void set_deterministic(bool on) { flag().store(on, std::memory_order_relaxed); }

}  // namespace miai
