// Model files and checkpoints.
#include <pybind11/stl.h>

#include <set>

#include "graph/serialize/model_file.h"
#include "graph/serialize/safetensors.h"
#include "imperative/dispatch.h"
#include "imperative/dtr.h"
#include "imperative/traced_program.h"
#include "python/bindings/bind.h"
#include "python/bindings/convert.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

HostTensor host_copy(const ValuePtr& value, std::string name) {
  Var var = to_var(value);
  if (!value->ref.meta.is_dense()) var = dispatch_unrecorded(find_op("copy"), Attrs(), std::span(&var, 1))[0];
  Pin pin(eager(var));
  return to_host(eager(var).ref, std::move(name));
}

std::vector<HostTensor> host_copies(py::handle tensors) {
  std::vector<HostTensor> copies;
  for (py::handle t : tensors) copies.push_back(host_copy(value_of(t.ptr()), ""));
  return copies;
}

py::object to_tensor(const HostTensor& tensor) {
  TensorRef ref = allocate_tensor(tensor.dtype, tensor.shape, {});
  if (tensor.bytes()) std::memcpy(ref.data(), tensor.data.get(), tensor.bytes());
  return py::reinterpret_steal<py::object>(wrap_value(make_intrusive<EagerValue>(std::move(ref))));
}

void rename(std::vector<Value*>& values, py::handle names) {
  size_t i = 0;
  for (py::handle name : names) values[i++]->name = name.cast<std::string>();
}

/// Functions of one model share states: one cell has one name in the file, two cells never share one.
class StateNames {
 public:
  std::string name_of(const Cell* cell, const std::string& wanted) {
    auto it = by_cell_.find(cell);
    if (it != by_cell_.end()) return it->second;
    std::string name = wanted;
    for (int i = 1; !taken_.insert(name).second; ++i) name = wanted + "_" + std::to_string(i);
    return by_cell_[cell] = name;
  }

 private:
  std::map<const Cell*, std::string> by_cell_;
  std::set<std::string> taken_;
};

void add_states(const TracedProgram& program, Function& function, StateNames& names, Model& model) {
  size_t next = 0;
  for (const auto& [cell, name] : program.state_cells()) {
    State& state = function.states.at(next++);
    if (!cell) raise(ErrorKind::kRuntime, "dump: tensor '", name, "' is gone; keep it alive until the dump");
    state.name = names.name_of(cell.get(), name);
    if (state.input) state.input->name = state.name;
    if (cell->value()) model.states[state.name] = host_copy(cell->value(), state.name);
  }
}

void write(const std::string& path, py::list entries) {
  Model model;
  StateNames names;
  for (py::handle entry : entries) {
    auto fields = entry.cast<py::tuple>();
    auto& program = fields[1].cast<TracedProgram&>();
    FunctionPtr function = program.function().clone();
    function->name = fields[0].cast<std::string>();
    rename(function->inputs, fields[2]);
    function->output_names = fields[3].cast<std::vector<std::string>>();
    add_states(program, *function, names, model);
    ModelFunction item{function, {}, program.opt_level()};
    TestVector test{host_copies(fields[4]), host_copies(fields[5]), fields[6].cast<double>(),
                    fields[7].cast<double>()};
    if (!test.inputs.empty() || !test.outputs.empty()) item.tests.push_back(std::move(test));
    model.functions.push_back(std::move(item));
  }
  py::gil_scoped_release release;
  write_model(path, model);
}

/// The function over the file's states. The program knows them weakly: whoever runs it keeps them alive.
std::unique_ptr<TracedProgram> program_of(const ModelFunction& item, py::dict& states) {
  std::vector<CapturedCell> captured;
  for (const State& state : item.function->states) {
    py::str name(state.name);
    if (!states.contains(name))  // written before anybody reads it
      states[name] = py::reinterpret_steal<py::object>(wrap_cell(make_intrusive<Cell>()));
    CapturedCell cell;
    cell.cell = CellPtr(&cell_of(states[name].ptr()));
    cell.initial = cell.cell->value();
    cell.input = state.input;
    cell.output = state.output;
    captured.push_back(std::move(cell));
  }
  CompileOptions options;
  options.opt_level = item.opt_level;
  return std::make_unique<TracedProgram>(item.function, captured, options);
}

py::list describe_inputs(const Function& function) {
  py::list inputs;
  for (const Value* input : function.inputs) {
    py::list sizes;
    for (Dim dim : input->type.shape)
      sizes.append(dim.is_static() ? py::object(py::int_(dim.value())) : py::none());
    inputs.append(py::make_tuple(input->name, std::string(dtype_name(input->type.dtype)), sizes));
  }
  return inputs;
}

/// The states by name, and of each function: name, program, inputs (name, dtype, sizes with None where
/// dynamic), and the inputs of its test vectors.
py::tuple read_programs(const std::string& path) {
  std::optional<Model> model;
  {
    py::gil_scoped_release release;
    model = read_model(path, true);
  }
  py::dict states;
  for (const auto& [name, state] : model->states) states[py::str(name)] = to_tensor(state);
  py::list functions;
  for (const ModelFunction& item : model->functions) {
    py::list tests;
    for (const TestVector& test : item.tests) {
      py::list inputs;
      for (const HostTensor& input : test.inputs) inputs.append(to_tensor(input));
      tests.append(inputs);
    }
    functions.append(py::make_tuple(item.function->name, program_of(item, states),
                                    describe_inputs(*item.function), tests));
  }
  return py::make_tuple(states, functions);
}

void write_tensors(const std::string& path, py::list entries,
                   const std::map<std::string, std::string>& metadata) {
  std::vector<HostTensor> tensors;
  std::map<const EagerValue*, std::shared_ptr<const void>> seen;  // tied tensors keep one memory
  for (py::handle entry : entries) {
    auto pair = entry.cast<py::tuple>();
    const ValuePtr value = value_of(pair[1].ptr());
    HostTensor copy = host_copy(value, pair[0].cast<std::string>());
    auto [it, is_new] = seen.try_emplace(value.get(), copy.data);
    copy.data = it->second;
    tensors.push_back(std::move(copy));
  }
  py::gil_scoped_release release;
  write_tensor_file(path, tensors, metadata);
}

/// The tensors by name, and the metadata of one key or None.
py::tuple read_tensors(const std::string& path, bool check, const std::string& key) {
  std::optional<TensorFile> file;
  {
    py::gil_scoped_release release;
    file = read_tensor_file(path, check);
  }
  py::list entries;
  for (size_t i = 0; i < file->size(); ++i) {
    const HostTensor tensor = file->tensor(i);
    entries.append(py::make_tuple(tensor.name, to_tensor(tensor)));
  }
  return py::make_tuple(entries, file->metadata(key));
}

}  // namespace

void bind_model(py::module_& m) {
  m.def("write_model", write, py::arg("path"), py::arg("functions"));
  m.def("read_programs", read_programs, py::arg("path"));
  m.def("write_tensors", write_tensors, py::arg("path"), py::arg("tensors"), py::arg("metadata"));
  m.def("read_tensors", read_tensors, py::arg("path"), py::arg("check"), py::arg("key"));
}

}  // namespace miai::python
