// Running a kernel on a device's stream: the one way in for eager dispatch, plans and the SDK.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "kernels/common/kernel.h"
#include "kernels/common/parallel.h"
#include "runtime/storage.h"
#include "runtime/stream.h"

namespace miai {

/// One call of a kernel. Refers to the caller's memory: a queue stream copies what it needs.
struct Launch {
  std::string_view op;
  const std::shared_ptr<const Kernel>& kernel;
  const Attrs& attrs;
  const std::shared_ptr<const void>& state;  // Prepared::state
  std::span<const TensorView> inputs;
  std::span<const TensorView> outputs;
  /// What the views read and write, in the same order; null for an optional input that was not given.
  std::span<Storage* const> input_storages;
  std::span<Storage* const> output_storages;
  Storage* workspace = nullptr;  // Prepared::workspace_bytes, or null if none are needed
  /// "train.py:17"; called only when the work is queued.
  FunctionRef<std::string()> user_line;
};

/// Inline stream: runs at once and raises what the kernel raised (or why an input never came to be). Queue
/// stream: queues the work, which keeps the storages alive; a failure, or that of an input, becomes the
/// outputs' error and reaches the reader with `op` and `user_line`. The device stays usable.
void launch(Stream& stream, const Launch& call);

/// Runs `work` on the stream with the device's memory open to kernels, as launch does: `inputs` that failed
/// and what `work` throws become the error of `outputs`. For work of many kernels, such as a plan's.
void launch_work(Stream& stream, std::string_view op, std::span<Storage* const> inputs,
                 std::span<Storage* const> outputs, FunctionRef<std::string()> user_line,
                 std::function<void()> work);

/// Waits until the storage's contents are there; raises its error if they never came to be.
void wait_readable(const Storage& storage);

}  // namespace miai
