// Host memory for devices cpu, cpu:1, ...
#pragma once
#include <cstddef>
#include <cstdint>

namespace miai {

/// 64-byte aligned memory; large blocks come straight from the kernel, so that freeing gives them back.
/// nullptr if there is none.
void* cpu_allocate(size_t bytes);
void cpu_free(void* data, size_t bytes);
/// The pages of small blocks that were freed go back to the system.
void cpu_give_back();
/// What this machine has, or the process's control group is granted.
int64_t cpu_memory_bytes();

}  // namespace miai
