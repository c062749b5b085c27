#include "runtime/copy.h"

#include <array>
#include <cstring>

#include "runtime/backend.h"
#include "runtime/launch.h"

namespace miai {
namespace {

void check_match(const TensorRef& from, const TensorRef& to) {
  if (!(from.meta.dtype == to.meta.dtype) || !(from.meta.shape == to.meta.shape))
    raise(ErrorKind::kValue, "copy: argument 'to': expected ", from.meta.dtype, from.meta.shape, ", got ",
          to.meta.dtype, to.meta.shape);
  if (!from.meta.is_dense() || !to.meta.is_dense())
    raise(ErrorKind::kValue, "copy: expected dense tensors, got strides ", from.meta.strides, " and ",
          to.meta.strides, " for shape ", from.meta.shape);
}

/// Which stream copies, and how: the one whose memory the host cannot reach, else the destination's.
struct Route {
  Device runs_on;
  void (*copy)(void* to, const void* from, size_t bytes);
};

Route choose_route(Device from, Device to) {
  const Backend& source = backend(from.kind);
  const Backend& target = backend(to.kind);
  if (from.kind == to.kind) return {to, target.copy};
  if (!target.host_readable) return {to, target.copy_from_host};
  return {from, source.copy_to_host};
}

bool needs_staging(Device from, Device to) {
  return from.kind != to.kind && !backend(from.kind).host_readable && !backend(to.kind).host_readable;
}

}  // namespace

void copy_tensor(const TensorRef& from, const TensorRef& to, FunctionRef<std::string()> user_line) {
  check_match(from, to);
  if (needs_staging(from.device(), to.device())) {
    TensorRef staged = allocate_tensor(from.meta.dtype, from.meta.shape, Device{});
    copy_tensor(from, staged, user_line);
    return copy_tensor(staged, to, user_line);
  }
  Route route = choose_route(from.device(), to.device());
  Stream& runs = default_stream(route.runs_on);
  Stream& other = default_stream(route.runs_on == to.device() ? from.device() : to.device());
  if (&runs != &other) runs.wait(other.record());
  std::array<Storage*, 1> inputs{from.storage.get()}, outputs{to.storage.get()};
  auto work = [copy = route.copy, source = from.data(), target = to.data(), bytes = byte_size(from.meta)] {
    copy(target, source, bytes);
  };
  launch_work(runs, "copy", inputs, outputs, user_line, work);
  Stream& reader = default_stream(to.device());
  if (&reader != &runs) reader.wait(runs.record());
  if (reader.is_inline()) rethrow_error(*to.storage);
}

void read_to_host(const TensorRef& from, void* host) {
  if (backend(from.device().kind).host_readable) {
    wait_readable(*from.storage);
    if (size_t bytes = byte_size(from.meta)) std::memcpy(host, from.data(), bytes);
    return;
  }
  TensorRef to = allocate_tensor(from.meta.dtype, from.meta.shape, Device{});
  copy_tensor(from, to, [] { return std::string(); });
  if (size_t bytes = byte_size(from.meta)) std::memcpy(host, to.data(), bytes);
}

void write_from_host(const void* host, const TensorRef& to) {
  TensorRef from = allocate_tensor(to.meta.dtype, to.meta.shape, Device{});
  if (size_t bytes = byte_size(to.meta)) std::memcpy(from.data(), host, bytes);
  copy_tensor(from, to, [] { return std::string(); });
}

}  // namespace miai
