#include "kernels/common/device.h"

#include <array>
#include <charconv>

#include "kernels/common/error.h"

namespace miai {
namespace {

constexpr std::array<std::string_view, kDeviceKindCount> kNames{"cpu", "fake", "cuda"};

[[noreturn]] void unknown(std::string_view name) {
  raise(ErrorKind::kValue, "device: expected a name such as 'cpu', 'cpu:1' or 'cuda:0', got '", name, "'");
}

int16_t parse_index(std::string_view text, std::string_view name) {
  if (!text.empty() && text.front() == ':') text.remove_prefix(1);
  if (text.empty() || text == "x") return 0;
  int16_t index = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (failure != std::errc() || end != text.data() + text.size() || index < 0) unknown(name);
  return index;
}

}  // namespace

std::string device_name(Device device) {
  std::string name(kNames[static_cast<size_t>(device.kind)]);
  if (device == Device{}) return name;
  return name + ":" + std::to_string(device.index);
}

Device parse_device(std::string_view name) {
  if (name == "xpux") return {};
  for (int kind = 0; kind < kDeviceKindCount; ++kind)
    if (name.starts_with(kNames[kind]))
      return {static_cast<DeviceKind>(kind), parse_index(name.substr(kNames[kind].size()), name)};
  unknown(name);
}

}  // namespace miai
