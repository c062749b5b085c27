// miai-run: inspects, runs, times and verifies model files.
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "miai/miai.hpp"
#include "sdk/run/commands.h"
#include "sdk/run/options.h"

namespace {

void on_interrupt(int) { miai_cancel(); }

int dispatch(const miai::run::Options& options) {
  using Command = void (*)(const miai::run::Options&);
  static const std::map<std::string, Command> commands{{"inspect", miai::run::inspect},
                                                       {"run", miai::run::run},
                                                       {"bench", miai::run::bench},
                                                       {"verify", miai::run::verify}};
  if (options.command == "help") return std::fputs(miai::run::usage(), stdout) < 0;
  if (options.command == "version") return std::printf("miai-run %s\n", miai_version()) < 0;
  auto command = commands.find(options.command);
  if (command == commands.end())
    throw std::invalid_argument("unknown command '" + options.command + "'; see miai-run --help");
  for (const std::string& plugin : options.plugins) miai::load_plugin(plugin);
  command->second(options);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGINT, on_interrupt);
  try {
    return dispatch(miai::run::parse_options(count, arguments));
  } catch (const miai::SdkError& error) {
    std::fprintf(stderr, "miai-run: %s\n", error.what());
    return error.status() == MIAI_CANCELLED ? 130 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "miai-run: %s\n", error.what());
    return 1;
  }
}
