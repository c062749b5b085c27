#include "graph/serialize/model_file.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "graph/serialize/function_json.h"
#include "graph/serialize/safetensors.h"
#include "graph/serialize/safetensors_names.h"
#include "graph/serialize/whole_file.h"

namespace miai {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;
constexpr char kFormat[] = "miai.format", kProducer[] = "miai.producer", kFunctions[] = "miai.functions";
constexpr int64_t kMostTolerances = 1000;  // searched for each test vector
constexpr size_t kMostFunctions = 1024, kMostText = 4096;
constexpr size_t kFreeBytes = size_t{64} << 20;            // that functions may take beyond the file's size
constexpr size_t kFunctionBytes = 4096, kTestBytes = 256;  // what these cost in memory at most

std::string test_name(const std::string& function, size_t i, const char* side, size_t k) {
  return kTestPrefix + function + "/" + std::to_string(i) + "/" + side + "/" + std::to_string(k);
}

Json tolerances_of(const ModelFunction& entry) {
  Json list = Json::array();
  for (size_t i = 0; i < entry.tests.size(); ++i) {
    const TestVector& test = entry.tests[i];
    if (!(test.atol >= 0 && test.rtol >= 0 && std::isfinite(test.atol) && std::isfinite(test.rtol)))
      raise(ErrorKind::kValue, "dump: expected tolerances of at least 0, got atol ", test.atol, " and rtol ",
            test.rtol);
    if (test.atol > 0 || test.rtol > 0) list.push_back(Json{i, test.atol, test.rtol});
  }
  return list;
}

void add_tests(const ModelFunction& entry, std::vector<HostTensor>& tensors) {
  auto add = [&](const std::vector<HostTensor>& from, size_t i, const char* side) {
    for (size_t k = 0; k < from.size(); ++k) {
      tensors.push_back(from[k]);
      tensors.back().name = test_name(entry.function->name, i, side, k);
    }
  };
  for (size_t i = 0; i < entry.tests.size(); ++i) {
    add(entry.tests[i].inputs, i, "input");
    add(entry.tests[i].outputs, i, "output");
  }
}

/// What a function's state must be; raises ValueError.
void check_state(const Function& function, const State& state, const HostTensor& tensor) {
  if (!state.input) return;
  if (tensor.dtype != state.input->type.dtype || !(to_dims(tensor.shape) == state.input->type.shape))
    raise(ErrorKind::kValue, "state '", state.name, "' has another dtype or shape than function '",
          function.name, "' expects");
}

[[noreturn]] void fail_no_tensor(const Function& function, const std::string& state) {
  raise(ErrorKind::kValue, "function '", function.name, "' has state '", state, "', which has no tensor");
}

class ModelReader {
 public:
  explicit ModelReader(const TensorFile& file) : file_(file), budget_(file.file_bytes() + kFreeBytes) {}

  Model read(const std::string& place) {
    const std::string version = metadata(kFormat);
    if (version != std::to_string(kFormatVersion))
      raise(ErrorKind::kIo, "format version ", version.substr(0, 20), ", this version of miai reads ",
            kFormatVersion);
    const std::string text = metadata(kFunctions);
    for (const auto& item : JsonView::parse(text).items()) read_function(item.value, place);
    return std::move(model_);
  }

 private:
  std::string metadata(const char* key) const {
    std::optional<std::string> value = file_.metadata(key);
    if (!value) raise(ErrorKind::kIo, "not a miai model (no '", key, "' in its metadata)");
    return *std::move(value);
  }

  void read_function(const JsonView& item, const std::string& place) {
    if (model_.functions.size() == kMostFunctions)
      raise(ErrorKind::kIo, "more than ", kMostFunctions, " functions");
    budget_.take(kFunctionBytes);
    const FindTensor find = [&](const std::string& name) { return file_.find(name); };
    ModelFunction entry{function_from_json(item.at("function"), find, budget_, place), {}, 0};
    const Function& function = *entry.function;
    const int64_t level = item.at("opt_level").integer();
    if (level < 0 || level > 2)
      raise(ErrorKind::kIo, "level ", level, " of '", function.name, "' is unknown");
    entry.opt_level = static_cast<int>(level);
    if (model_.find(function.name)) raise(ErrorKind::kIo, "two functions are named '", function.name, "'");
    read_tests(item, entry);
    for (const State& state : function.states) read_state(function, state);
    model_.functions.push_back(std::move(entry));
  }

  void read_tests(const JsonView& item, ModelFunction& entry) {
    const int64_t count = item.at("tests").integer();
    if (count < 0 || static_cast<uint64_t>(count) > file_.size())
      raise(ErrorKind::kIo, "more test vectors than tensors");
    const std::optional<JsonView> tolerances = item.find("tolerances");
    if (tolerances && count > kMostTolerances)
      raise(ErrorKind::kIo, "more than ", kMostTolerances, " test vectors with tolerances");
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      budget_.take(kTestBytes);
      TestVector test;
      take(*entry.function, i, "input", entry.function->inputs.size(), test.inputs);
      take(*entry.function, i, "output", entry.function->outputs.size(), test.outputs);
      if (tolerances) read_tolerance(*tolerances, i, test);
      entry.tests.push_back(std::move(test));
    }
  }

  /// "tolerances" lists [test vector, atol, rtol] of those that have any.
  static void read_tolerance(const JsonView& tolerances, size_t i, TestVector& test) {
    for (const auto& item : tolerances.items()) {
      double numbers[3] = {};
      size_t count = 0;
      for (const auto& number : item.value.items())
        if (count < 3) numbers[count++] = number.value.number();
      if (count != 3 || numbers[0] < 0 || numbers[1] < 0 || numbers[2] < 0)
        raise(ErrorKind::kIo, "expected a test vector, atol and rtol, got ", item.value.excerpt());
      if (numbers[0] != static_cast<double>(i)) continue;
      test.atol = numbers[1];
      test.rtol = numbers[2];
    }
  }

  void take(const Function& function, size_t i, const char* side, size_t count,
            std::vector<HostTensor>& into) {
    for (size_t k = 0; k < count; ++k) {
      budget_.take(kTestBytes);
      std::optional<HostTensor> tensor = file_.find(test_name(function.name, i, side, k));
      if (!tensor) raise(ErrorKind::kIo, "test vector ", i, " of '", function.name, "' is not whole");
      into.push_back(*std::move(tensor));
    }
  }

  void read_state(const Function& function, const State& state) {
    auto it = model_.states.find(state.name);
    if (it == model_.states.end()) {
      std::optional<HostTensor> tensor = file_.find(state.name);
      if (!tensor) fail_no_tensor(function, state.name);
      it = model_.states.emplace(state.name, *std::move(tensor)).first;
    }
    check_state(function, state, it->second);
  }

  const TensorFile& file_;
  Budget budget_;
  Model model_;
};

Model make_model(const TensorFile& file, const std::string& place) {
  try {
    return ModelReader(file).read(place);
  } catch (const Error& fault) {
    if (fault.kind() == ErrorKind::kMemory) throw;
    const std::string what = fault.what();
    raise(ErrorKind::kIo, what.starts_with(place) ? "" : place + ": ", what);
  }
}

void check_names(const Model& model) {
  for (const auto& [name, state] : model.states)
    if (name.starts_with(kTestPrefix) || name.starts_with(kConstantPrefix))
      raise(ErrorKind::kValue, "dump: state '", name, "': names that begin with '", kTestPrefix, "' or '",
            kConstantPrefix, "' are the file's own; give the tensor another name");
  for (const ModelFunction& entry : model.functions) {
    std::set<std::string_view> names;
    for (const std::string& name : entry.function->output_names)
      if (!names.insert(name).second)
        raise(ErrorKind::kValue, "dump: two outputs of function '", entry.function->name, "' are named '",
              name, "'");
  }
}

void check_states(const Function& function, const std::map<std::string, HostTensor>& states) {
  for (const State& state : function.states) {
    auto it = states.find(state.name);
    if (it == states.end()) fail_no_tensor(function, state.name);
    check_state(function, state, it->second);
  }
}

/// The JSON's text; its library's message for text that is not UTF-8 becomes ours.
std::string dumped(const Json& functions) {
  try {
    return functions.dump();
  } catch (const nlohmann::json::exception&) {
    raise(ErrorKind::kValue, "dump: expected names in UTF-8, got one that is not");
  }
}

}  // namespace

const ModelFunction* Model::find(std::string_view name) const {
  for (const ModelFunction& entry : functions)
    if (entry.function->name == name) return &entry;
  return nullptr;
}

void write_model(const std::string& path, const Model& model) {
  std::vector<HostTensor> tensors;
  for (const auto& [name, state] : model.states) {
    tensors.push_back(state);
    tensors.back().name = name;
  }
  check_names(model);
  Json functions = Json::array();
  for (const ModelFunction& entry : model.functions) {
    check_states(*entry.function, model.states);
    functions.push_back(Json{{"function", function_to_json(*entry.function, tensors)},
                             {"opt_level", entry.opt_level},
                             {"tests", entry.tests.size()}});
    Json tolerances = tolerances_of(entry);
    if (!tolerances.empty()) functions.back()["tolerances"] = std::move(tolerances);
    add_tests(entry, tensors);
  }
  write_tensor_file(
      path, tensors,
      {{kFormat, std::to_string(kFormatVersion)}, {kProducer, "miai"}, {kFunctions, dumped(functions)}});
}

Model read_model(const std::string& path, bool check) {
  return make_model(read_tensor_file(path, check), "'" + path + "'");
}

Model parse_model(std::shared_ptr<const void> data, size_t size, const std::string& name, bool check) {
  return make_model(parse_tensor_file(std::move(data), size, name, check), name);
}

}  // namespace miai
