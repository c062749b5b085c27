// What all kernels that call oneDNN share: its engine, descriptions of tensors, and Program, a short list of
// primitives over the kernel's inputs, outputs and workspace.
#pragma once
#include <dnnl.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/common/kernel.h"

namespace miai::kernels::onednn {

using Desc = dnnl::memory::desc;

const dnnl::engine& engine();
/// "oneDNN 3.2.0"
std::string library_name();

/// float32, or bfloat16 where the processor has AVX-512; else no, with the reason.
Support supports_dtype(const KernelSignature& signature);
dnnl::memory::data_type data_type(DType dtype);
/// The strides of a size-1 dimension mean nothing to us and something to oneDNN: they are made regular.
Desc strided_desc(DType dtype, const Shape& shape, const Strides& strides);
Desc strided_desc(const TensorMeta& meta);
/// A layout that oneDNN chooses.
Desc any_desc(DType dtype, const Shape& shape);
/// Scratch memory is ours, the activation (kFusedActivations) comes last; `adds_z`: a tensor like dst is
/// added.
dnnl::primitive_attr attributes(const std::string& activation = "identity", const Desc* z = nullptr);

/// Where an argument of a primitive lies.
struct Place {
  enum Kind { kInput, kOutput, kWorkspace } kind;
  size_t at;  // index, or offset in bytes
};
struct Argument {
  int name;  // DNNL_ARG_SRC
  Place place;
  Desc desc;
};

class Program {
 public:
  Program();
  /// Bytes of workspace that live as long as the run.
  Place scratch(size_t bytes);
  /// Appends a primitive; its scratchpad is added.
  void add(const dnnl::primitive_desc_base& desc, std::vector<Argument> arguments);
  /// The place as a tensor of `wanted`: itself, or a reordered copy in the workspace.
  Place reordered(Place place, const Desc& given, const Desc& wanted);
  /// A place to write a tensor of `made`: `place`, or scratch if it must be reordered by reorder_back.
  Place target(Place place, const Desc& given, const Desc& made);
  void reorder_back(Place made_at, const Desc& made, Place place, const Desc& given);

  /// From here on a weight may come packed: as the primitive wants it, or as `desc` says if it has one.
  void take_packed(std::optional<Desc> desc) { takes_packed_ = true, packed_ = std::move(desc); }
  /// What the primitive is asked for.
  Desc weight_desc(const Desc& any) const { return packed_ ? *packed_ : any; }
  /// The weight as a tensor of `wanted`: packed, where this program takes that, or reordered in each run.
  Place weight(Place place, const Desc& given, const Desc& wanted);
  /// The form of the packed weight; none if it is read as it lies.
  const std::optional<std::pair<Desc, Desc>>& packing() const { return packing_; }

  size_t workspace_bytes() const { return workspace_bytes_; }
  void compile();  // makes the primitives, for the number of threads in force
  void run(const KernelArgs& args) const;

 private:
  struct Step {
    dnnl::primitive_desc_base desc;
    dnnl::primitive primitive;
    std::vector<Argument> arguments;
  };
  struct Bound;  // memory objects of one run at a time
  std::unique_ptr<Bound> bind() const;

  std::vector<Step> steps_;
  size_t workspace_bytes_ = 0;
  bool takes_packed_ = false;
  std::optional<Desc> packed_;
  std::optional<std::pair<Desc, Desc>> packing_;  // given, wanted
  struct Pool;                                    // those that no run holds
  std::shared_ptr<Pool> pool_;
};

/// The state of a kernel: the program for all threads and, made when first needed, the one for a single
/// thread.
using BuildProgram = std::function<void(const KernelSignature&, Program&)>;

/// Whether oneDNN has primitives for the signature.
Support supports_program(const KernelSignature& signature, const BuildProgram& build);
/// `alone`: it is not worth waking other threads.
Prepared prepare_program(const KernelSignature& signature, const BuildProgram& build, bool alone = false);
void run_program(const KernelArgs& args);
void pack_program_weight(const void* state, const TensorView& weight, void* packed);
/// Kernel::pack of kernels that are prepared by prepare_pieces.
void pack_weight(const void* state, const TensorView& weight, void* packed);

/// How a call may be cut: along one axis of the output and of each input, -1 for what is taken whole.
struct Cut {
  Cut(size_t input_count, int64_t products_)
      : inputs(static_cast<int>(input_count), -1), products(products_) {}
  SmallVector<int> inputs;
  int output = -1;
  int64_t products;        // of the whole call
  bool is_costly = false;  // each piece reads an input whole: larger pieces, of so many channels that it pays
};
/// The same for a call that may take seconds: it is run in pieces, between which it may be cancelled.
Prepared prepare_pieces(const KernelSignature& signature, const BuildProgram& build, const Cut& cut);
void run_pieces(const KernelArgs& args);

}  // namespace miai::kernels::onednn
