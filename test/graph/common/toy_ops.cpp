#include "test/graph/common/toy_ops.h"

#include <cstring>

#include "graph/ops/tables.h"
#include "graph/passes/rebuild.h"
#include "kernels/common/kernel_table.h"
#include "runtime/copy.h"

namespace miai::testing {
namespace {

int effect_runs = 0;

/// Calls f with the offset of each element of the view, in row-major order.
template <class F>
void each_element(const TensorView& view, F&& f) {
  int64_t count = view.size();
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, offset = 0;
    for (int axis = view.rank() - 1; axis >= 0; --axis) {
      offset += rest % view.shape[axis] * view.strides[axis];
      rest /= view.shape[axis];
    }
    f(i, offset);
  }
}

void run_add(const KernelArgs& args) {
  const TensorView &a = args.inputs[0], &b = args.inputs[1];
  std::vector<int64_t> of_b;
  each_element(b, [&](int64_t, int64_t offset) { of_b.push_back(offset); });
  float* out = args.outputs[0].as<float>();
  each_element(a, [&](int64_t i, int64_t offset) {
    out[i] = a.as<float>()[offset] + b.as<float>()[of_b[static_cast<size_t>(i)]];
  });
}

void run_scale(const KernelArgs& args) {
  auto factor = static_cast<float>(args.attrs_as<ToyScaleAttrs>().factor);
  float* out = args.outputs[0].as<float>();
  each_element(args.inputs[0],
               [&](int64_t i, int64_t offset) { out[i] = args.inputs[0].as<float>()[offset] * factor; });
}

void run_heavy(const KernelArgs& args) {
  constexpr size_t kWorkspace = 512;
  std::memset(args.workspace, 0x7f, kWorkspace);  // tramples whatever lives there
  float* out = args.outputs[0].as<float>();
  each_element(args.inputs[0],
               [&](int64_t i, int64_t offset) { out[i] = args.inputs[0].as<float>()[offset] + 1; });
}

void run_halves(const KernelArgs& args) {
  int64_t half = args.outputs[0].size();
  each_element(args.inputs[0], [&](int64_t i, int64_t offset) {
    args.outputs[static_cast<size_t>(i / half)].as<float>()[i % half] = args.inputs[0].as<float>()[offset];
  });
}

void run_optional(const KernelArgs& args) {
  float* out = args.outputs[0].as<float>();
  each_element(args.inputs[0], [&](int64_t i, int64_t offset) {
    out[i] = args.inputs[0].as<float>()[offset];
    for (size_t k = 1; k < args.inputs.size(); ++k)
      if (args.inputs[k].present) out[i] += args.inputs[k].as<float>()[i];
  });
}

void run_effect(const KernelArgs&) { ++effect_runs; }

OpDef toy(std::string name, std::vector<InputDef> inputs) {
  OpDef op;
  op.name = std::move(name);
  op.inputs = std::move(inputs);
  op.infer = [](InferContext& c) {
    c.check_float(0);
    for (int i = 1; i < c.input_count(); ++i)
      for (int axis = 0; c.has(i) && axis < c.input(0).rank(); ++axis)
        c.check_dim(i, axis, c.input(0).shape[axis], "as the first input has");
    c.output_like(0, c.input(0).shape);
  };
  op.is_public = false;
  return op;
}

/// A kernel that takes nothing but row-major tensors: adds 1.
void add_rows_kernel() {
  Kernel kernel;
  kernel.op = "toy_rows";
  kernel.name = "test/toy_rows";
  kernel.supports = [](const KernelSignature& s) {
    return s.inputs[0].is_dense() && s.outputs[0].is_dense() ? Support::yes() : Support::no("not row-major");
  };
  kernel.run = [](const KernelArgs& args) {
    for (int64_t i = 0; i < args.inputs[0].size(); ++i)
      args.outputs[0].as<float>()[i] = args.inputs[0].as<float>()[i] + 1;
  };
  KernelTable::global().add(std::move(kernel));
}

void add_kernel(std::string op, void (*run)(const KernelArgs&), bool cannot_fail, size_t workspace = 0) {
  Kernel kernel;
  kernel.name = "test/" + op;
  kernel.op = std::move(op);
  kernel.run = run;
  kernel.cannot_fail = cannot_fail;
  if (workspace)
    kernel.prepare = [workspace](const KernelSignature&) { return Prepared{nullptr, workspace}; };
  KernelTable::global().add(std::move(kernel));
}

void define_ops(OpTable& table) {
  OpDef add = toy("toy_add", {{"a"}, {"b"}});
  add.may_overwrite = {0, 1};
  table.add(std::move(add));
  OpDef scale = toy("toy_scale", {{"a"}});
  scale.attrs = &attrs_type<ToyScaleAttrs>();
  scale.may_overwrite = {0};
  table.add(std::move(scale));
  table.add(toy("toy_heavy", {{"a"}}));
  table.add(toy("toy_rows", {{"a"}}));
  OpDef halves = toy("toy_halves", {{"a"}});
  halves.outputs = {{"low"}, {"high"}};
  halves.infer = [](InferContext& c) {
    Dims shape = c.input(0).shape;
    shape[0] = floor_div(shape[0], 2);
    c.output_like(0, shape);
    c.output_like(0, shape);
  };
  table.add(std::move(halves));
  OpDef composite = toy("toy_twice_plus", {{"a"}, {"b"}});
  composite.lower = [](std::span<const Var> inputs, const Attrs&) -> Vars {
    ToyScaleAttrs attrs;
    attrs.factor = 2;
    Var twice = emit1(find_op("toy_scale"), make_attrs(attrs), {inputs[0]});
    return {emit1(find_op("toy_add"), {}, {twice, inputs[1]})};
  };
  table.add(std::move(composite));
  OpDef effect = toy("toy_effect", {{"a"}});
  effect.outputs = {};
  effect.infer = [](InferContext&) {};
  effect.effect = true;
  table.add(std::move(effect));
  table.add(toy("toy_optional", {{"a"}, {"b", Presence::kOptional}, {"c", Presence::kOptional}}));
}

}  // namespace

void use_toy_ops() {
  static const bool done = [] {
    define_ops(OpTable::global());
    add_rows_kernel();
    add_kernel("toy_add", run_add, true);
    add_kernel("toy_scale", run_scale, true);
    add_kernel("toy_heavy", run_heavy, false, 512);
    add_kernel("toy_halves", run_halves, false);
    add_kernel("toy_effect", run_effect, false);
    add_kernel("toy_optional", run_optional, false);
    return true;
  }();
  static_cast<void>(done);
}

int toy_effect_runs() { return effect_runs; }

TensorRef make_tensor(const Shape& shape, const std::vector<float>& values, Device device) {
  TensorRef tensor = allocate_tensor(DType::kFloat32, shape, device);
  write_from_host(values.data(), tensor);
  return tensor;
}

TensorRef make_tensor(const Shape& shape, float value, Device device) {
  return make_tensor(shape, std::vector<float>(static_cast<size_t>(element_count(shape)), value), device);
}

std::vector<float> values_of(const TensorRef& tensor) {
  TensorRef all = tensor;  // the whole storage: the host may not reach the device's memory
  all.byte_offset = 0;
  all.meta = dense_meta(DType::kFloat32, {static_cast<int64_t>(tensor.storage->bytes() / sizeof(float))});
  std::vector<float> memory(static_cast<size_t>(all.meta.size())), values;
  read_to_host(all, memory.data());
  auto first = tensor.byte_offset / static_cast<int64_t>(sizeof(float));
  each_element(tensor.view(), [&](int64_t, int64_t offset) {
    values.push_back(memory[static_cast<size_t>(first + offset)]);
  });
  return values;
}

std::string normal_text(const Function& function) {
  Rebuild rebuild(function);
  for (const Node* node : function.nodes) rebuild.copy(*node);
  return to_text(*rebuild.finish());
}

std::string normal_text(std::string_view text) {
  use_toy_ops();
  return normal_text(*parse_function(text));
}

}  // namespace miai::testing
