#include "sdk/src/model.h"

#include <algorithm>
#include <cstring>

#include "kernels/common/error.h"
#include "sdk/src/status.h"

namespace miai::sdk {
namespace {

std::string function_names(const Model& model) {
  std::string names;
  for (const ModelFunction& f : model.functions)
    names += (names.empty() ? "'" : ", '") + f.function->name + "'";
  return names;
}

void count_operators(const Function& function, std::map<std::string, int>& counts) {
  for (const Node* node : function.nodes) {
    ++counts[node->op->name];
    for (const FunctionPtr& body : node->bodies) count_operators(*body, counts);
  }
}

}  // namespace

LoadedModel::LoadedModel(Model model) : model_(std::move(model)) {
  for (const auto& [name, state] : model_.states) states_.push_back(&state);
}

const ModelFunction& LoadedModel::function(const char* name) const {
  if (const ModelFunction* found = name ? model_.find(name) : nullptr) return *found;
  raise(ErrorKind::kValue, "the model has no function '", name ? name : "", "'; it has ",
        function_names(model_));
}

std::shared_ptr<Executable> LoadedModel::executable(const ModelFunction& function, int threads) const {
  std::lock_guard lock(mutex_);
  std::shared_ptr<Executable>& executable = executables_[{function.function->name, threads}];
  CompileOptions options;
  options.opt_level = function.opt_level;
  if (!executable) executable = compile(*function.function, options);
  return executable;
}

const std::vector<OperatorCount>& LoadedModel::operators(const ModelFunction& function) const {
  std::lock_guard lock(mutex_);
  auto [it, is_new] = operators_.try_emplace(function.function->name);
  if (!is_new) return it->second;
  std::map<std::string, int> counts;
  count_operators(*function.function, counts);
  for (const auto& [name, count] : counts) it->second.push_back({name, count});
  std::stable_sort(it->second.begin(), it->second.end(),
                   [](const OperatorCount& a, const OperatorCount& b) { return a.count > b.count; });
  return it->second;
}

const std::string& LoadedModel::text(const ModelFunction& function) const {
  std::lock_guard lock(mutex_);
  std::string& text = texts_[function.function->name];
  if (text.empty()) text = to_text(*function.function);
  return text;
}

Variables::Variables(std::shared_ptr<const LoadedModel> model) : model_(std::move(model)) {
  for (const auto& [name, state] : model_->model().states) values_[name] = to_tensor_ref(state);
}

TensorRef& Variables::value(const std::string& name) {
  auto it = values_.find(name);
  if (it == values_.end()) raise(ErrorKind::kValue, "the model has no state '", name, "'");
  return it->second;
}

void Variables::save(const std::string& path) {
  Model copy = model_->model();
  std::lock_guard lock(mutex_);
  for (auto& [name, value] : values_) copy.states[name] = to_host(value, name);
  for (ModelFunction& function : copy.functions) function.tests.clear();  // they hold for the old values
  write_model(path, copy);
}

void describe(const TensorType& type, const std::string& name, miai_tensor* info) {
  *info = {};
  info->name = name.c_str();
  info->dtype = static_cast<miai_dtype>(type.dtype);
  info->rank = type.rank();
  for (int i = 0; i < type.rank(); ++i)
    info->shape[i] = type.shape[i].is_static() ? type.shape[i].value() : -1;
}

void describe(const TensorRef& tensor, const std::string& name, miai_tensor* info) {
  describe(TensorType{tensor.meta.dtype, to_dims(tensor.meta.shape), {}}, name, info);
  info->data = tensor.data();
}

}  // namespace miai::sdk

using miai::raise;
using miai::sdk::guarded;
using miai::sdk::LoadedModel;

namespace {

constexpr miai::ErrorKind kIndex = miai::ErrorKind::kIndex;

const miai::ModelFunction* find(const miai_model* model, const char* name) {
  return name ? model->loaded->model().find(name) : nullptr;
}

void check_index(const char* what, int index, size_t count) {
  if (index < 0 || static_cast<size_t>(index) >= count)
    raise(kIndex, what, " ", index, " does not exist: there are ", count);
}

}  // namespace

miai_status miai_model_load(const char* path, int check, miai_model** model) {
  return guarded([&] {
    *model = nullptr;
    auto loaded = std::make_shared<LoadedModel>(miai::read_model(path, check != 0));
    *model = std::make_unique<miai_model>(miai_model{std::move(loaded)}).release();
  });
}

miai_status miai_model_load_memory(const void* data, size_t bytes, miai_model** model) {
  return guarded([&] {
    *model = nullptr;
    std::shared_ptr<void> copy = miai::aligned_bytes(bytes);
    std::memcpy(copy.get(), data, bytes);
    auto loaded = std::make_shared<LoadedModel>(miai::parse_model(copy, bytes, "the model in memory"));
    *model = std::make_unique<miai_model>(miai_model{std::move(loaded)}).release();
  });
}

void miai_model_free(miai_model* model) { std::unique_ptr<miai_model> owned(model); }

int miai_model_function_count(const miai_model* model) {
  return static_cast<int>(model->loaded->model().functions.size());
}

const char* miai_model_function_name(const miai_model* model, int index) {
  const auto& functions = model->loaded->model().functions;
  if (index < 0 || static_cast<size_t>(index) >= functions.size()) return nullptr;
  return functions[index].function->name.c_str();
}

int miai_model_input_count(const miai_model* model, const char* function) {
  const miai::ModelFunction* found = find(model, function);
  return found ? static_cast<int>(found->function->inputs.size()) : -1;
}

int miai_model_output_count(const miai_model* model, const char* function) {
  const miai::ModelFunction* found = find(model, function);
  return found ? static_cast<int>(found->function->outputs.size()) : -1;
}

miai_status miai_model_input(const miai_model* model, const char* function, int index, miai_tensor* info) {
  return guarded([&] {
    const miai::Function& f = *model->loaded->function(function).function;
    check_index("input", index, f.inputs.size());
    miai::sdk::describe(f.inputs[index]->type, f.inputs[index]->name, info);
  });
}

miai_status miai_model_output(const miai_model* model, const char* function, int index, miai_tensor* info) {
  return guarded([&] {
    const miai::Function& f = *model->loaded->function(function).function;
    check_index("output", index, f.outputs.size());
    miai::sdk::describe(f.outputs[index]->type, f.output_names[index], info);
  });
}

int miai_model_state_count(const miai_model* model) {
  return static_cast<int>(model->loaded->states().size());
}

miai_status miai_model_state(const miai_model* model, int index, miai_tensor* state) {
  return guarded([&] {
    check_index("state", index, model->loaded->states().size());
    const miai::HostTensor& tensor = *model->loaded->states()[index];
    miai::sdk::describe(miai::TensorType{tensor.dtype, miai::to_dims(tensor.shape), {}}, tensor.name, state);
    state->data = tensor.data.get();
  });
}

int miai_model_test_count(const miai_model* model, const char* function) {
  const miai::ModelFunction* found = find(model, function);
  return found ? static_cast<int>(found->tests.size()) : -1;
}

int miai_model_operator_count(const miai_model* model, const char* function) {
  const miai::ModelFunction* found = find(model, function);
  return found ? static_cast<int>(model->loaded->operators(*found).size()) : -1;
}

miai_status miai_model_operator(const miai_model* model, const char* function, int index, const char** name,
                                int* count) {
  return guarded([&] {
    const auto& operators = model->loaded->operators(model->loaded->function(function));
    check_index("operator", index, operators.size());
    *name = operators[index].name.c_str();
    *count = operators[index].count;
  });
}

miai_status miai_model_text(const miai_model* model, const char* function, const char** text) {
  return guarded([&] { *text = model->loaded->text(model->loaded->function(function)).c_str(); });
}

miai_status miai_variables_create(const miai_model* model, miai_variables** variables) {
  return guarded([&] {
    *variables = nullptr;
    auto shared = std::make_shared<miai::sdk::Variables>(model->loaded);
    *variables = std::make_unique<miai_variables>(miai_variables{std::move(shared)}).release();
  });
}

void miai_variables_free(miai_variables* variables) { std::unique_ptr<miai_variables> owned(variables); }

miai_status miai_variables_read(miai_variables* variables, const char* name, miai_tensor* state) {
  return guarded([&] {
    std::lock_guard lock(variables->shared->mutex());
    miai::TensorRef& value = variables->shared->value(name);
    const auto& states = variables->shared->model().model().states;
    miai::sdk::describe(value, states.find(name)->first, state);
  });
}

miai_status miai_variables_save(miai_variables* variables, const char* path) {
  return guarded([&] { variables->shared->save(path); });
}
