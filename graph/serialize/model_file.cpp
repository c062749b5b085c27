#include "graph/serialize/model_file.h"

#include <nlohmann/json.hpp>

#include "graph/serialize/function_json.h"
#include "graph/serialize/safetensors.h"
#include "graph/serialize/whole_file.h"

namespace miai {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;
constexpr char kFormat[] = "miai.format", kProducer[] = "miai.producer", kFunctions[] = "miai.functions";
constexpr int kMostDepth = 16;            // of the functions' JSON
constexpr size_t kMostValues = 20000000;  // of the functions' JSON

std::string test_name(const std::string& function, size_t i, const char* side, size_t k) {
  return "test/" + function + "/" + std::to_string(i) + "/" + side + "/" + std::to_string(k);
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

void check_states(const Function& function, const std::map<std::string, HostTensor>& states,
                  const std::string& place) {
  for (const State& state : function.states) {
    auto it = states.find(state.name);
    if (it == states.end())
      raise(ErrorKind::kValue, place, ": function '", function.name, "' has state '", state.name,
            "', which has no tensor");
    if (!state.input) continue;
    if (it->second.dtype != state.input->type.dtype ||
        !(to_dims(it->second.shape) == state.input->type.shape))
      raise(ErrorKind::kValue, place, ": state '", state.name, "' has another dtype or shape than function '",
            function.name, "' expects");
  }
}

/// JSON of bounded depth and number of values: a hostile text cannot make a tree far larger than itself.
Json parse_bounded(const std::string& text, const std::string& place) {
  size_t values = 0;
  auto bounded = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kMostDepth || ++values > kMostValues)
      raise(ErrorKind::kIo, place, ": damaged functions: nested too deep or too long");
    return true;
  };
  try {
    return Json::parse(text, bounded);
  } catch (const nlohmann::json::exception& fault) {
    raise(ErrorKind::kIo, place, ": damaged functions: ", fault.what());
  }
}

const std::string& metadata(const TensorFile& file, const char* key, const std::string& place) {
  auto it = file.metadata.find(key);
  if (it == file.metadata.end())
    raise(ErrorKind::kIo, place, ": not a miai model (no '", key, "' in its metadata)");
  return it->second;
}

TestVector read_test(const TensorFile& file, const Function& function, size_t i, const std::string& place) {
  TestVector test;
  auto take = [&](const char* side, size_t count, std::vector<HostTensor>& into) {
    for (size_t k = 0; k < count; ++k) {
      const HostTensor* tensor = file.find(test_name(function.name, i, side, k));
      if (!tensor)
        raise(ErrorKind::kIo, place, ": test vector ", i, " of '", function.name, "' is not whole");
      into.push_back(*tensor);
    }
  };
  take("input", function.inputs.size(), test.inputs);
  take("output", function.outputs.size(), test.outputs);
  return test;
}

Model make_model(const TensorFile& file, const std::string& place) {
  if (metadata(file, kFormat, place) != std::to_string(kFormatVersion))
    raise(ErrorKind::kIo, place, ": format version ", metadata(file, kFormat, place),
          ", this version of miai reads ", kFormatVersion);
  Model model;
  for (const HostTensor& tensor : file.tensors)
    if (!tensor.name.starts_with("test/") && !tensor.name.starts_with("constant/"))
      model.states[tensor.name] = tensor;
  const FindTensor find = [&](const std::string& name) { return file.find(name); };
  const Json functions = parse_bounded(metadata(file, kFunctions, place), place);
  try {
    for (const Json& item : functions) {
      ModelFunction entry{
          function_from_json(item.at("function"), find, place), {}, item.at("opt_level").get<int>()};
      const size_t tests = item.at("tests").get<size_t>();
      if (tests > file.tensors.size()) raise(ErrorKind::kIo, place, ": more test vectors than tensors");
      for (size_t i = 0; i < tests; ++i) entry.tests.push_back(read_test(file, *entry.function, i, place));
      if (model.find(entry.function->name))
        raise(ErrorKind::kIo, place, ": two functions are named '", entry.function->name, "'");
      check_states(*entry.function, model.states, place);
      model.functions.push_back(std::move(entry));
    }
  } catch (const nlohmann::json::exception& fault) {
    raise(ErrorKind::kIo, place, ": damaged functions: ", fault.what());
  } catch (const Error& fault) {
    raise(ErrorKind::kIo, fault.what());
  }
  return model;
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
  Json functions = Json::array();
  for (const ModelFunction& entry : model.functions) {
    check_states(*entry.function, model.states, "dump");
    functions.push_back(Json{{"function", function_to_json(*entry.function, tensors)},
                             {"opt_level", entry.opt_level},
                             {"tests", entry.tests.size()}});
    add_tests(entry, tensors);
  }
  write_tensor_file(
      path, tensors,
      {{kFormat, std::to_string(kFormatVersion)}, {kProducer, "miai"}, {kFunctions, functions.dump()}});
}

Model read_model(const std::string& path, bool check) {
  return make_model(read_tensor_file(path, check), "'" + path + "'");
}

Model parse_model(std::shared_ptr<const void> data, size_t size, const std::string& name, bool check) {
  return make_model(parse_tensor_file(std::move(data), size, name, check), name);
}

}  // namespace miai
