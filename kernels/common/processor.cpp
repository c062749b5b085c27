#include "kernels/common/processor.h"

#include <cstdlib>
#include <fstream>

namespace miai {
namespace {

std::string read_name() {
  std::ifstream info("/proc/cpuinfo");
  std::string name = "unknown";
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) {
      name = line.substr(line.find(':') + 2);
      break;
    }
  if (const char* isa = std::getenv("MIAI_ISA")) name += std::string(" as ") + isa;
  return name;
}

}  // namespace

const std::string& processor_name() {
  static const std::string name = read_name();
  return name;
}

}  // namespace miai
