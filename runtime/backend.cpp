#include "runtime/backend.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>

#include "kernels/common/error.h"
#include "kernels/common/fork.h"
#include "runtime/backends.h"
#include "runtime/inline_stream.h"

namespace miai {
namespace {

constexpr int kMaxDevices = 64;

/// The default streams in use. Never destroyed; the streams of cpu:1, ... end at exit, with their threads.
class Streams {
 public:
  static Streams& instance() {
    static Streams* const streams = new Streams;
    return *streams;
  }

  Stream* find(Device device) const { return slot(device).load(std::memory_order_acquire); }

  Stream& get_or_make(Device device) {
    const Backend& b = backend(device.kind);
    int count = b.device_count();
    if (device.index < 0 || device.index >= count)
      raise(ErrorKind::kValue, "device: expected an index below ", count, " for '", b.name, "', got '",
            device, "'");
    std::lock_guard lock(mutex_);
    if (Stream* stream = find(device)) return *stream;
    static const int ends_at_exit = std::atexit([] { instance().end_cpu_threads(); });
    (void)ends_at_exit;
    Stream* stream = b.make_stream(device.index).release();
    slot(device).store(stream, std::memory_order_release);
    return *stream;
  }

  template <class F>
  void for_each(F&& f) const {
    for (const auto& kind : slots_)
      for (const auto& entry : kind)
        if (Stream* stream = entry.load(std::memory_order_acquire)) f(*stream);
  }

 private:
  using Slot = std::atomic<Stream*>;

  /// At exit, the threads are joined. In a forked child they do not exist.
  void end_cpu_threads() {
    if (fork_generation() != generation_) return;
    for (Slot& entry : slots_[static_cast<size_t>(DeviceKind::kCpu)]) delete entry.exchange(nullptr);
  }

  Slot& slot(Device device) { return slots_[static_cast<size_t>(device.kind)][device.index]; }
  const Slot& slot(Device device) const { return slots_[static_cast<size_t>(device.kind)][device.index]; }

  int generation_ = fork_generation();
  std::mutex mutex_;
  std::array<std::array<Slot, kMaxDevices>, kDeviceKindCount> slots_{};
};

}  // namespace

const Backend& backend(DeviceKind kind) {
  static const Backend* const cpu = new Backend(make_cpu_backend());
  static const Backend* const fake = new Backend(make_fake_backend());
  if (kind == DeviceKind::kCpu) return *cpu;
  if (kind == DeviceKind::kFake) return *fake;
  raise(ErrorKind::kNotImplemented, "device 'cuda': this build has no CUDA; use device 'cpu'");
}

bool has_kernel(std::string_view op, Device device) {
  const Backend& b = backend(device.kind);
  return !b.kernels().find(b.kernel_kind, op).empty();
}

// Made when the library is loaded: a child forked while another thread makes them would wait for ever.
namespace {
[[maybe_unused]] const Backend& made_at_load = backend(DeviceKind::kCpu);
}  // namespace

Stream& default_stream(Device device) {
  static Stream* const cpu = new InlineStream(Device{});
  if (device == Device{}) return *cpu;
  bool in_table = device.index >= 0 && device.index < kMaxDevices;
  if (Stream* stream = in_table ? Streams::instance().find(device) : nullptr) return *stream;
  return Streams::instance().get_or_make(device);
}

void synchronize(Device device) { default_stream(device).synchronize(); }

void synchronize_all() {
  Streams::instance().for_each([](Stream& stream) { stream.synchronize(); });
}

}  // namespace miai
