#include "runtime/launch.h"

#include <vector>

#include "runtime/backend.h"
#include "runtime/cancel.h"

namespace miai {
namespace {

using Shares = std::vector<IntrusivePtr<Storage>>;

class KernelBracket {
 public:
  explicit KernelBracket(const Backend& backend) : backend_(backend) { backend_.enter_kernel(); }
  ~KernelBracket() { backend_.leave_kernel(); }
  KernelBracket(const KernelBracket&) = delete;
  KernelBracket& operator=(const KernelBracket&) = delete;

 private:
  const Backend& backend_;
};

void run_kernel(const Kernel& kernel, const Attrs& attrs, const void* state,
                std::span<const TensorView> inputs, std::span<const TensorView> outputs, void* workspace) {
  CancelScope scope;
  KernelContext context = scope.context();
  kernel.run(KernelArgs{attrs, state, inputs, outputs, workspace, context});
  scope.check();  // a kernel that saw the request may have stopped half-way
}

/// Work that waits in a queue, and what it needs.
struct Queued {
  Device device;
  std::string op, user_line;
  Shares inputs, outputs;
  std::function<void()> work;

  void run() const {
    for (const auto& input : inputs)
      if (std::shared_ptr<const AsyncError> error = input ? input->error() : nullptr) return fail(error);
    try {
      KernelBracket bracket(backend(device.kind));
      work();
    } catch (...) {
      fail(std::make_shared<AsyncError>(AsyncError{std::current_exception(), op, user_line}));
    }
  }
  void fail(const std::shared_ptr<const AsyncError>& error) const {
    for (const auto& output : outputs)
      if (output) output->set_error(error);
  }
};

void queue(Stream& stream, std::string_view op, std::span<Storage* const> inputs,
           std::span<Storage* const> outputs, FunctionRef<std::string()> user_line,
           std::function<void()> work) {
  auto task = std::make_shared<Queued>();
  task->device = stream.device();
  task->op = op;
  task->user_line = user_line();
  task->inputs.assign(inputs.begin(), inputs.end());
  task->outputs.assign(outputs.begin(), outputs.end());
  task->work = std::move(work);
  stream.submit([task = std::move(task)] { task->run(); });
}

}  // namespace

void launch(Stream& stream, const Launch& call) {
  void* workspace = call.workspace ? call.workspace->data() : nullptr;
  if (stream.is_inline()) {
    for (const Storage* input : call.input_storages)
      if (input) rethrow_error(*input);
    run_kernel(*call.kernel, call.attrs, call.state.get(), call.inputs, call.outputs, workspace);
    return;
  }
  auto work = [kernel = call.kernel, attrs = call.attrs, state = call.state,
               inputs = std::vector(call.inputs.begin(), call.inputs.end()),
               outputs = std::vector(call.outputs.begin(), call.outputs.end()), workspace,
               share = IntrusivePtr<Storage>(call.workspace)] {
    run_kernel(*kernel, attrs, state.get(), inputs, outputs, workspace);
  };
  queue(stream, call.op, call.input_storages, call.output_storages, call.user_line, std::move(work));
}

void launch_work(Stream& stream, std::string_view op, std::span<Storage* const> inputs,
                 std::span<Storage* const> outputs, FunctionRef<std::string()> user_line,
                 std::function<void()> work) {
  if (!stream.is_inline()) return queue(stream, op, inputs, outputs, user_line, std::move(work));
  for (const Storage* input : inputs)
    if (input) rethrow_error(*input);
  work();
}

void wait_readable(const Storage& storage) {
  default_stream(storage.device()).synchronize();
  rethrow_error(storage);
}

}  // namespace miai
