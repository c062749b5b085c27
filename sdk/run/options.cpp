#include "sdk/run/options.h"

#include <getopt.h>

#include <cstdlib>
#include <stdexcept>

namespace miai::run {
namespace {

enum {
  kFunction = 256,
  kInput,
  kOutput,
  kPlugin,
  kRandom,
  kText,
  kRuns,
  kThreads,
  kTolerance,
  kSize,
  kHelp,
  kVersion
};

const option kOptions[] = {{"function", required_argument, nullptr, kFunction},
                           {"input", required_argument, nullptr, kInput},
                           {"output", required_argument, nullptr, kOutput},
                           {"plugin", required_argument, nullptr, kPlugin},
                           {"random", no_argument, nullptr, kRandom},
                           {"text", no_argument, nullptr, kText},
                           {"runs", required_argument, nullptr, kRuns},
                           {"threads", required_argument, nullptr, kThreads},
                           {"tolerance", required_argument, nullptr, kTolerance},
                           {"size", required_argument, nullptr, kSize},
                           {"help", no_argument, nullptr, kHelp},
                           {"version", no_argument, nullptr, kVersion},
                           {nullptr, 0, nullptr, 0}};

[[noreturn]] void fail(const std::string& what) {
  throw std::invalid_argument(what + "; see miai-run --help");
}

int positive(const char* text, const char* name) {
  char* end = nullptr;
  long value = std::strtol(text, &end, 10);
  if (*end || end == text || value < 1 || value > 1000000000)
    fail(std::string("--") + name + ": expected a number from 1, got '" + text + "'");
  return static_cast<int>(value);
}

double tolerance(const char* text) {
  char* end = nullptr;
  double value = std::strtod(text, &end);
  if (*end || end == text || !(value >= 0))
    fail(std::string("--tolerance: expected a number of at least 0, got '") + text + "'");
  return value;
}

void take_input(Options& options, const std::string& text) {
  size_t at = text.find('=');
  if (at == std::string::npos || at == 0) fail("--input: expected NAME=FILE.npy, got '" + text + "'");
  options.inputs[text.substr(0, at)] = text.substr(at + 1);
}

void take(Options& options, int option) {
  switch (option) {
    case kFunction:
      options.function = optarg;
      return;
    case kInput:
      return take_input(options, optarg);
    case kOutput:
      options.output = optarg;
      return;
    case kPlugin:
      options.plugins.emplace_back(optarg);
      return;
    case kRandom:
      options.random = true;
      return;
    case kText:
      options.text = true;
      return;
    case kRuns:
      options.runs = positive(optarg, "runs");
      return;
    case kThreads:
      options.threads = positive(optarg, "threads");
      return;
    case kSize:
      options.size = positive(optarg, "size");
      return;
    case kTolerance:
      options.tolerance = tolerance(optarg);
      return;
    case kHelp:
      options.command = "help";
      return;
    case kVersion:
      options.command = "version";
      return;
    default:
      fail("unknown or incomplete option");
  }
}

}  // namespace

const char* usage() {
  return "miai-run COMMAND FILE [OPTIONS]: runs model files\n"
         "  inspect FILE [--text]            functions, inputs, outputs, operators, states; --text prints "
         "the "
         "programs\n"
         "  run FILE --input NAME=X.npy ...  runs a function; --output DIR writes its results as .npy\n"
         "  bench FILE [--random] [--runs N] times a function; --threads N, --size N for dynamic dimensions\n"
         "  verify FILE [--tolerance T]      runs the test vectors in the file and prints the largest "
         "difference; T, relative,\n"
         "                                   takes the place of the tolerances in the file\n"
         "Options: --function NAME (default: the first), --threads N, --plugin FILE (operators in a shared "
         "library; "
         "may be\nrepeated). Exit status: 0, or 1 with a message.\n";
}

Options parse_options(int count, char** arguments) {
  Options options;
  opterr = 0;
  for (int option; (option = getopt_long(count, arguments, "", kOptions, nullptr)) != -1;)
    take(options, option);
  if (options.command == "help" || options.command == "version") return options;
  if (count - optind != 2) fail("expected a command and a file");
  options.command = arguments[optind];
  options.file = arguments[optind + 1];
  return options;
}

}  // namespace miai::run
