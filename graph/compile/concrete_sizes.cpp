#include "graph/compile/concrete_sizes.h"

#include <string>

#include "kernels/common/error.h"

namespace miai {
namespace {

struct Checked {
  std::string what;  // "input 'x'"
  const TensorType& type;
  const TensorMeta& meta;
};

template <class... Parts>
[[noreturn]] void refuse(const Function& f, const Checked& c, ErrorKind kind, const Parts&... parts) {
  raise(kind, f.name, ": ", c.what, ": expected ", c.type, ", got ", c.meta.dtype, c.meta.shape, parts...);
}

std::vector<Checked> all_tensors(const Function& f, const std::vector<TensorMeta>& inputs,
                                 const std::vector<TensorMeta>& states) {
  if (inputs.size() != f.inputs.size())
    raise(ErrorKind::kType, f.name, ": expected ", f.inputs.size(), " inputs, got ", inputs.size());
  if (states.size() != f.states.size())
    raise(ErrorKind::kType, f.name, ": expected ", f.states.size(), " states, got ", states.size());
  std::vector<Checked> all;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string& name = f.inputs[i]->name;
    std::string shown = name.empty() ? "input " + std::to_string(i) : "input '" + name + "'";
    all.push_back({shown, f.inputs[i]->type, inputs[i]});
  }
  for (size_t i = 0; i < states.size(); ++i)
    if (f.states[i].input)
      all.push_back({"state '" + f.states[i].name + "'", f.states[i].input->type, states[i]});
  return all;
}

}  // namespace

SymbolValues solve_sizes(const Function& f, const std::vector<TensorMeta>& inputs,
                         const std::vector<TensorMeta>& states) {
  SymbolValues values;
  std::vector<Checked> all = all_tensors(f, inputs, states);
  for (const Checked& c : all) {
    if (!c.meta.present)
      raise(ErrorKind::kValue, f.name, ": ", c.what, ": expected ", c.type, ", got nothing");
    if (c.meta.dtype != c.type.dtype) refuse(f, c, ErrorKind::kType);
    if (c.meta.rank() != c.type.rank()) refuse(f, c, ErrorKind::kValue);
    for (int i = 0; i < c.meta.rank(); ++i)
      if (is_symbol(c.type.shape[i])) values.try_emplace(c.type.shape[i].expression(), c.meta.shape[i]);
  }
  for (const Checked& c : all)
    for (int i = 0; i < c.meta.rank(); ++i) {
      int64_t expected = evaluate(c.type.shape[i], values);
      if (expected != c.meta.shape[i])
        refuse(f, c, ErrorKind::kValue, "; size ", c.meta.shape[i], " of dimension ", i, " should be ",
               expected, ", which the sizes of the other inputs say");
    }
  for (const DimCondition& c : f.conditions)
    if ((evaluate(c.a, values) == evaluate(c.b, values)) != c.holds)
      raise(ErrorKind::kValue, f.name, ": the sizes of the inputs break the condition ", c.a,
            c.holds ? " == " : " != ", c.b, " under which the function was recorded");
  return values;
}

}  // namespace miai
