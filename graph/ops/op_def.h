// The definition of an operator: all that is true of it on every backend. Read by eager, trace, passes,
// compile, serialization, bindings and documentation.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/ir/emitter.h"
#include "graph/ir/tensor_type.h"
#include "kernels/common/attrs/attrs.h"
#include "kernels/common/pointwise/builder.h"
#include "kernels/common/views.h"

namespace miai {

enum class Presence { kRequired, kOptional, kVariadic };  // a variadic input is the last one

struct InputDef {
  std::string name;
  Presence presence = Presence::kRequired;
  std::string doc{};
};
struct OutputDef {
  std::string name;
  bool aux = false;       // saved for the gradient, invisible to the user
  bool variadic = false;  // infer says how many; the last one
};

/// The arguments of one call while its outputs are inferred. Checks raise with operator, argument, expected
/// and got.
class InferContext {
 public:
  InferContext(const OpDef& op, const Attrs& attrs, std::span<const TensorType* const> inputs)
      : op_(op), attrs_(attrs), inputs_(inputs) {}

  const OpDef& op() const { return op_; }
  template <class T>
  const T& attrs() const {
    return attrs_.as<T>();
  }
  const Attrs& raw_attrs() const { return attrs_; }
  int input_count() const { return static_cast<int>(inputs_.size()); }
  bool has(int i) const { return i < input_count() && inputs_[i]; }
  const TensorType& input(int i) const { return *inputs_[i]; }
  std::string input_name(int i) const;  // "weight"; "inputs[2]" of a variadic one

  void output(DType dtype, Dims shape, Device device) {
    outputs.push_back({dtype, std::move(shape), device});
  }
  /// An output with the dtype and device of input i.
  void output_like(int i, Dims shape) { output(input(i).dtype, std::move(shape), input(i).device); }

  /// Raises `kind`: "conv2d: argument 'weight': <text>".
  template <class... Parts>
  [[noreturn]] void fail(ErrorKind kind, std::string_view argument, const Parts&... parts) const {
    raise(kind, op_name(), ": argument '", argument, "': ", parts...);
  }
  void check_rank(int i, int rank) const;  // expected rank 4, got rank 3 (shape [3, 3, 3])
  void check_min_rank(int i, int rank) const;
  void check_float(int i) const;  // TypeError: expected a floating dtype, got int64
  void check_int(int i) const;
  void check_same_dtype(int i, int j) const;
  void check_same_device() const;  // of all inputs present
  void check_dim(int i, int axis, Dim expected, std::string_view why) const;
  /// `axis` in [-rank, rank) made non-negative; raises ValueError naming the argument.
  int axis(int64_t axis, int rank, std::string_view argument = "axis") const;

  std::vector<TensorType> outputs;

 private:
  const std::string& op_name() const;
  const OpDef& op_;
  const Attrs& attrs_;
  std::span<const TensorType* const> inputs_;
};

/// nullopt: this input's strides do not allow a view, run the kernel.
using ViewFn =
    std::function<std::optional<ViewSpec>(const TensorMeta& input, const Attrs& attrs, const Shape& output)>;

struct Cost {
  double flops = 0;
  double bytes = 0;
};

/// An output in fewer bytes, for as long as nobody reads it: operators of one input, with the same
/// attributes, that change a tensor of its shape there and back.
struct CompactForm {
  std::string encode, decode;
  Attrs attrs;
  DType dtype;  // of the compact form
};

/// Another operator that computes output 0 once more, the same bits with less work. Its inputs by number:
/// those of the first operator, then its outputs.
struct CheaperRepeat {
  std::string op;
  Attrs attrs;
  std::vector<int> inputs;
};

struct OpDef {
  std::string name;
  std::string doc;  // shapes, dtypes, source, example; becomes the Python docstring
  std::vector<InputDef> inputs;
  std::vector<OutputDef> outputs = {{"out"}};
  const AttrsType* attrs = nullptr;  // nullptr: none
  int version = 1;
  /// Brings the attributes of an older version (as JSON field values) up to date.
  std::function<void(int from, std::vector<std::pair<std::string, AttrValue>>&)> upgrade;

  std::function<void(InferContext&)> infer;
  /// A composite, written as other operators; a kernel for it is then an optimisation.
  std::function<Vars(std::span<const Var> inputs, const Attrs& attrs)> lower;
  /// The lowering takes eager tensors alone (a Python function): a recording keeps what it gave, no pass can
  /// apply it later.
  bool lowers_eagerly = false;
  ViewFn view;
  /// Pointwise: the scalar expression of output 0, after broadcasting: `return max(b.input(0),
  /// b.constant(0));`
  std::function<pointwise::Expr(pointwise::Builder& b, const Attrs& attrs)> expression;

  // Facts for the engine.
  std::vector<int> may_overwrite;  // inputs whose memory output 0 may take (same dtype and shape)
  /// Inputs from this one on are read where an output is written, element by element: any output may take the
  /// memory of one of its dtype and shape. (All inputs of pointwise operators are.)
  std::optional<size_t> pointwise_from{};
  bool random = false;     // reads a generator state as an input named "state", has attr "ticket"
  bool effect = false;     // must run, in order, even if nobody reads it
  bool portable = true;    // a file may hold it: other processes know it too
  bool is_public = true;   // listed in miai.functional
  bool reduction = false;  // reduces over the axes in attr "axis"
  std::function<Cost(std::span<const TensorMeta> inputs, std::span<const TensorMeta> outputs, const Attrs&)>
      cost;
  /// How a plan that has dropped output 0 computes it again; nullopt: by the operator itself.
  std::function<std::optional<CheaperRepeat>(const Attrs&)> repeat;
  /// How a plan keeps an output for later; nullopt: as it is.
  std::function<std::optional<CompactForm>(size_t output, const Attrs&, std::span<const TensorMeta> inputs)>
      compact;
  /// Bounds that an index input must obey are checked by the kernel, at run time.
  bool checks_values = false;

  bool is_pointwise() const { return static_cast<bool>(expression); }
  bool is_view() const { return static_cast<bool>(view); }
  /// Whether a call may run again to give the same values: neither an effect nor a function of this process.
  bool may_repeat() const { return !effect && portable; }
  int visible_outputs() const;  // outputs that are not aux (variadic: of the definition)
};

/// Runs infer with checks common to all operators (presence, device agreement).
std::vector<TensorType> infer_outputs(const OpDef& op, const Attrs& attrs,
                                      std::span<const TensorType* const> inputs);

}  // namespace miai
