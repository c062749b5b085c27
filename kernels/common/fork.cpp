#include "kernels/common/fork.h"

#include <pthread.h>

#include <atomic>

namespace miai {
namespace {

std::atomic<int> generation{0};
const int registered = pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1); });

}  // namespace

int fork_generation() { return registered == 0 ? generation.load(std::memory_order_relaxed) : 0; }

}  // namespace miai
