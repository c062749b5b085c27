// The command line of miai-run.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace miai::run {

struct Options {
  std::string command, file, function, output;
  std::map<std::string, std::string> inputs;  // name to .npy file
  std::vector<std::string> plugins;           // loaded before the file
  bool random = false;                        // make the inputs up
  bool text = false;
  int runs = 20, threads = 0, size = 1;  // size: of dynamic dimensions with --random
  double tolerance = -1;                 // of verify; negative: what the test vectors say
};

/// Raises std::invalid_argument with the usage for what it does not understand. "help" as the command: usage
/// was asked for.
Options parse_options(int count, char** arguments);
const char* usage();

}  // namespace miai::run
