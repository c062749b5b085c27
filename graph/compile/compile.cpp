#include <cstdlib>
#include <iostream>
#include <sstream>

#include "graph/compile/compiled_function.h"
#include "graph/passes/pass.h"

namespace miai {
namespace {

/// MIAI_DUMP_PASSES=1 prints the function after each pass that changed it.
PassObserver dump_observer() {
  static const bool wanted = std::getenv("MIAI_DUMP_PASSES") != nullptr;
  if (!wanted) return {};
  return [](std::string_view pass, const Function& before, const Function& after) {
    std::string text = to_text(after);
    bool changed = text != to_text(before);
    std::cerr << "-- " << pass << (changed ? "\n" + text : ": no change\n");
  };
}

/// MIAI_FAST_RUN=1 measures kernels for every program, the SDK's too.
bool always_measures() {
  static const char* const value = std::getenv("MIAI_FAST_RUN");
  return value && std::string_view(value) != "0";
}

/// MIAI_DISABLE_PASSES: names with commas between them, looked up for each program.
std::vector<std::string> passes_left_out() {
  const char* text = std::getenv("MIAI_DISABLE_PASSES");
  std::vector<std::string> names;
  std::istringstream in(text ? text : "");
  for (std::string name; std::getline(in, name, ',');)
    if (!name.empty()) names.push_back(name);
  return names;
}

#ifdef NDEBUG
constexpr bool kAlwaysVerify = false;
#else
constexpr bool kAlwaysVerify = true;
#endif

}  // namespace

std::shared_ptr<Executable> compile(const Function& function, const CompileOptions& given) {
  CompileOptions options = given;
  options.fast_run |= always_measures();
  PassOptions passes{.opt_level = options.opt_level, .without = passes_left_out()};
  FunctionPtr optimised = run_passes(function, passes, kAlwaysVerify || options.verify, dump_observer());
  return std::make_shared<CompiledFunction>(std::move(optimised), options);
}

}  // namespace miai
