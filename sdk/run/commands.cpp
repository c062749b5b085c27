#include "sdk/run/commands.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>

#include "sdk/run/npy.h"

namespace miai::run {
namespace {

std::string shape_text(const miai_tensor& t) {
  std::string text = std::string(miai_dtype_name(t.dtype)) + "[";
  for (int i = 0; i < t.rank; ++i)
    text += (i ? ", " : "") + (t.shape[i] < 0 ? std::string("?") : std::to_string(t.shape[i]));
  return text + "]";
}

size_t element_count(const miai_tensor& t) {
  size_t n = 1;
  for (int i = 0; i < t.rank; ++i) n *= static_cast<size_t>(t.shape[i]);
  return n;
}

std::string function_of(const Model& model, const Options& options) {
  std::vector<std::string> names = model.functions();
  if (names.empty()) throw std::runtime_error("the model has no functions");
  if (options.function.empty()) return names[0];
  if (std::find(names.begin(), names.end(), options.function) != names.end()) return options.function;
  std::string known;
  for (const std::string& name : names) known += " " + name;
  throw std::runtime_error("the model has no function '" + options.function + "'; it has" + known);
}

NpyArray random_array(const miai_tensor& info, int dynamic_size, std::mt19937& generator) {
  NpyArray array;
  array.dtype = info.dtype;
  size_t count = 1;
  for (int i = 0; i < info.rank; ++i) {
    array.shape.push_back(info.shape[i] < 0 ? dynamic_size : info.shape[i]);
    count *= static_cast<size_t>(array.shape.back());
  }
  array.data.resize(count * miai_dtype_size(info.dtype));  // zeros: valid as an index, a mask and a number
  if (info.dtype == MIAI_FLOAT32) {
    std::uniform_real_distribution<float> draw(-1, 1);
    auto* out = reinterpret_cast<float*>(array.data.data());
    for (size_t i = 0; i < count; ++i) out[i] = draw(generator);
  }
  return array;
}

void set_inputs(const Model& model, const std::string& function, miai_session* session,
                const Options& options) {
  std::mt19937 generator(1);
  std::vector<miai_tensor> infos = model.inputs(function);
  for (const auto& [name, path] : options.inputs)
    if (std::none_of(infos.begin(), infos.end(), [&](const miai_tensor& t) { return name == t.name; }))
      throw std::runtime_error("function '" + function + "' has no input '" + name + "'");
  for (size_t i = 0; i < infos.size(); ++i) {
    auto given = options.inputs.find(infos[i].name);
    if (given == options.inputs.end() && !options.random)
      throw std::runtime_error(std::string("input '") + infos[i].name + "' (" + shape_text(infos[i]) +
                               ") is missing: --input " + infos[i].name + "=FILE.npy, or --random");
    NpyArray array = given == options.inputs.end() ? random_array(infos[i], options.size, generator)
                                                   : read_npy(given->second);
    miai_tensor tensor = array.tensor();
    check(miai_session_set_input(session, static_cast<int>(i), &tensor));
  }
}

/// A session by its C handle: the commands need what the C++ class hides.
struct Handle {
  miai_session* session = nullptr;
  Handle(const Model& model, const std::string& function, int threads) {
    check(miai_session_create(model.get(), function.c_str(), nullptr, &session));
    check(miai_session_set_threads(session, threads));
  }
  ~Handle() { miai_session_free(session); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

void print_operators(const Model& model, const std::string& function) {
  std::string line;
  for (int i = 0; i < miai_model_operator_count(model.get(), function.c_str()); ++i) {
    const char* name = nullptr;
    int count = 0;
    check(miai_model_operator(model.get(), function.c_str(), i, &name, &count));
    line += (i ? ", " : "") + std::string(name) + " " + std::to_string(count);
  }
  std::printf("  operators: %s\n", line.empty() ? "none" : line.c_str());
}

void print_function(const Model& model, const std::string& name, bool text) {
  std::printf("function %s (%d test vectors)\n", name.c_str(),
              miai_model_test_count(model.get(), name.c_str()));
  for (const miai_tensor& input : model.inputs(name))
    std::printf("  input  %-24s %s\n", input.name, shape_text(input).c_str());
  for (int i = 0; i < miai_model_output_count(model.get(), name.c_str()); ++i) {
    miai_tensor output;
    check(miai_model_output(model.get(), name.c_str(), i, &output));
    std::printf("  output %-24s %s\n", output.name, shape_text(output).c_str());
  }
  print_operators(model, name);
  if (!text) return;
  const char* program = nullptr;
  check(miai_model_text(model.get(), name.c_str(), &program));
  std::printf("%s\n", program);
}

/// Memory that the process holds now.
double resident_mebibytes() {
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace

void inspect(const Options& options) {
  Model model(options.file);
  for (const std::string& name : model.functions()) print_function(model, name, options.text);
  size_t elements = 0, bytes = 0;
  const int states = miai_model_state_count(model.get());
  for (int i = 0; i < states; ++i) {
    miai_tensor state;
    check(miai_model_state(model.get(), i, &state));
    std::printf("  state  %-24s %s\n", state.name, shape_text(state).c_str());
    elements += element_count(state);
    bytes += element_count(state) * miai_dtype_size(state.dtype);
  }
  std::printf("%d states, %zu elements, %.3f MiB\n", states, elements,
              static_cast<double>(bytes) / (1 << 20));
}

void run(const Options& options) {
  Model model(options.file);
  const std::string function = function_of(model, options);
  Handle handle(model, function, options.threads);
  set_inputs(model, function, handle.session, options);
  check(miai_session_run(handle.session));
  if (!options.output.empty() && ::mkdir(options.output.c_str(), 0777) != 0 && errno != EEXIST)
    throw std::runtime_error("cannot make folder '" + options.output + "': " + std::strerror(errno));
  for (int i = 0; i < miai_model_output_count(model.get(), function.c_str()); ++i) {
    miai_tensor output;
    check(miai_session_output(handle.session, i, &output));
    std::printf("%s: %s\n", output.name, shape_text(output).c_str());
    if (options.output.empty()) continue;
    if (std::string(output.name).find('/') != std::string::npos)
      throw std::runtime_error(std::string("output '") + output.name + "' has no name for a file");
    write_npy(options.output + "/" + output.name + ".npy", output);
  }
}

void bench(const Options& options) {
  Model model(options.file, true);
  const std::string function = function_of(model, options);
  Handle handle(model, function, options.threads);
  Options inputs = options;
  inputs.random = true;
  set_inputs(model, function, handle.session, inputs);
  check(miai_session_run(handle.session));  // plans, and warms the caches
  std::vector<double> times;
  for (int i = 0; i < options.runs; ++i) {
    auto begin = std::chrono::steady_clock::now();
    check(miai_session_run(handle.session));
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%s: %zu runs, median %.3f ms, least %.3f ms, most %.3f ms; %.1f MiB resident\n",
              function.c_str(), times.size(), times[times.size() / 2], times.front(), times.back(),
              resident_mebibytes());
}

void verify(const Options& options) {
  Model model(options.file, true);
  int vectors = 0;
  bool good = true;
  for (const std::string& function : model.functions()) {
    for (int i = 0; i < miai_model_test_count(model.get(), function.c_str()); ++i, ++vectors) {
      Handle handle(model, function, options.threads);
      miai_difference d;
      check(miai_session_verify(handle.session, i, &d));
      const bool within = options.tolerance < 0 ? d.within : d.relative <= options.tolerance;
      good &= within;
      const std::string where = d.output ? " (output '" + std::string(d.output) + "')" : "";
      std::printf("%s, test vector %d: largest difference %g absolute, %g relative%s: %s\n", function.c_str(),
                  i, d.absolute, d.relative, where.c_str(), within ? "ok" : "TOO LARGE");
      if (!within && options.tolerance < 0)
        std::printf("  the test vector allows atol %g, rtol %g; --tolerance allows more\n", d.atol, d.rtol);
    }
  }
  if (vectors == 0) throw std::runtime_error("the file has no test vectors");
  if (!good) throw std::runtime_error("a result differs by more than the tolerance");
}

}  // namespace miai::run
