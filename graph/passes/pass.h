// Passes: functions from Function to Function, in one ordered list.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ir/function.h"

namespace miai {

struct PassOptions {
  int opt_level = 2;
  std::vector<std::string> without{};  // names of passes to leave out, to find the one that is to blame
};

struct Pass {
  std::string_view name;
  int level = 0;  // runs from this opt_level on
  FunctionPtr (*run)(const Function& function, const PassOptions& options);
};

/// All passes, in the order in which they run.
std::span<const Pass> all_passes();

/// Told what each pass has left.
using PassObserver =
    std::function<void(std::string_view pass, const Function& before, const Function& after)>;
/// Runs the passes for the options; `verified`: the verifier runs before the first and after each. Values of
/// the result are numbered from 0 in order. Raises ValueError for the name of no pass, or of one that has to
/// run.
FunctionPtr run_passes(const Function& function, const PassOptions& options, bool verified,
                       const PassObserver& observer = {});

// One file each.

/// Operators that the device has no kernel for become what their lowering says.
FunctionPtr lower(const Function& function, const PassOptions& options);
/// Leaves out what nobody reads. Effects stay, at level 0 also what may refuse its values; tickets are
/// attributes, so the random operators that stay draw the same numbers.
FunctionPtr remove_dead_code(const Function& function, const PassOptions& options);
/// Computes what depends on constants alone, if the result is not large.
FunctionPtr fold_constants(const Function& function, const PassOptions& options);
/// Equal operators on equal operands become one; so do equal small constants.
FunctionPtr share_common(const Function& function, const PassOptions& options);
/// Algebra that changes no bit: x * 1, transpose of transpose, reshape of reshape, casts to and fro.
FunctionPtr simplify(const Function& function, const PassOptions& options);

/// x less its mean, by its deviation, with a weight and a bias after it, becomes layer_norm.
FunctionPtr fuse_layer_norm(const Function& function, const PassOptions& options);
FunctionPtr fuse_attention(const Function& function, const PassOptions& options);
/// Batch norms with fixed statistics become part of the fixed weights of the convolution or linear before
/// them: inference.
FunctionPtr fold_batch_norm(const Function& function, const PassOptions& options);
/// conv2d and linear take the activation after them, and a sum between, into their own kernel.
FunctionPtr fuse_activation(const Function& function, const PassOptions& options);
/// batch_norm takes a sum and a ReLU after it into its own kernel, and its gradient that of the ReLU.
FunctionPtr fuse_batch_norm(const Function& function, const PassOptions& options);
/// Chains and trees of pointwise operators of one shape become one operator, with one program.
FunctionPtr fuse_pointwise(const Function& function, const PassOptions& options);
/// The gradient of an embedding that one program alone reads (the update of its weight) becomes part of it:
/// it is never made with all its rows.
FunctionPtr fuse_embedding_update(const Function& function, const PassOptions& options);
/// A reduction takes in the pointwise operator whose result it alone reads.
FunctionPtr fuse_reduction(const Function& function, const PassOptions& options);

// Not in the list: for files.

/// Operators that this process alone knows give way to what their lowerings gave when they were recorded;
/// nullptr: there are none such.
FunctionPtr use_lowerings(const Function& function);

}  // namespace miai
