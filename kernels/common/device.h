// Which device a tensor lives on: "cpu" (inline on the caller's thread), "cpu:1" (a stream of its own),
// "fake:0".
#pragma once
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace miai {

enum class DeviceKind : uint8_t { kCpu, kFake, kCuda };
inline constexpr int kDeviceKindCount = 3;

struct Device {
  DeviceKind kind = DeviceKind::kCpu;
  int16_t index = 0;
  friend bool operator==(Device a, Device b) { return a.kind == b.kind && a.index == b.index; }
};

/// "cpu" for cpu:0, else "cpu:1", "fake:0".
std::string device_name(Device device);
/// Parses "cpu", "cpu:1", "fake", "fake:0", "cuda:0" (also MegEngine's "cpu0", "cpux", "xpux"). Raises
/// ValueError else.
Device parse_device(std::string_view name);
inline std::ostream& operator<<(std::ostream& out, Device device) { return out << device_name(device); }

}  // namespace miai
