// A model file: functions over shared states, with test vectors. A valid safetensors file.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "graph/ir/function.h"
#include "graph/serialize/host_tensor.h"

namespace miai {

/// Inputs of a function and what it gave for them, in order. A result is right if it differs from what is
/// expected by no more than atol + rtol * |expected|.
struct TestVector {
  std::vector<HostTensor> inputs, outputs;
  double atol = 0, rtol = 0;
};

struct ModelFunction {
  FunctionPtr function;
  std::vector<TestVector> tests;
  int opt_level = 2;  // at which the test outputs were computed
};

struct Model {
  std::vector<ModelFunction> functions;
  std::map<std::string, HostTensor> states;  // by name, shared by the functions

  const ModelFunction* find(std::string_view name) const;
};

/// Writes a model; the file is whole or absent. Raises OSError, ValueError for a state that no tensor is
/// given for.
void write_model(const std::string& path, const Model& model);
/// Reads and verifies a model; runs nothing. Raises OSError for what is missing, truncated or damaged;
/// `check` verifies the tensors' checksums too.
Model read_model(const std::string& path, bool check = false);
Model parse_model(std::shared_ptr<const void> data, size_t size, const std::string& name, bool check = false);

}  // namespace miai
