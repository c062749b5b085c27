#include "graph/passes/pass.h"

#include <algorithm>

#include "graph/ir/condition_guard.h"
#include "graph/passes/rebuild.h"
#include "kernels/common/error.h"

namespace miai {
namespace {

constexpr Pass kPasses[] = {
    {"lower", 0, lower},
    {"remove_dead_code", 0, remove_dead_code},
    {"fold_constants", 1, fold_constants},
    {"simplify", 1, simplify},
    {"share_common", 1, share_common},
    {"remove_dead_code", 1, remove_dead_code},
    {"fuse_layer_norm", 1, fuse_layer_norm},
    {"fuse_attention", 1, fuse_attention},
    {"fold_batch_norm", 1, fold_batch_norm},
    {"fuse_activation", 1, fuse_activation},
    {"fuse_batch_norm", 1, fuse_batch_norm},
    {"remove_dead_code", 1, remove_dead_code},
    {"fuse_pointwise", 1, fuse_pointwise},
    {"remove_dead_code", 1, remove_dead_code},
    {"fuse_embedding_update", 1, fuse_embedding_update},
    {"remove_dead_code", 1, remove_dead_code},
    {"fuse_reduction", 1, fuse_reduction},
    {"remove_dead_code", 1, remove_dead_code},
};

/// A copy with dense numbers, without what nobody refers to.
FunctionPtr renumber(const Function& function) {
  Rebuild rebuild(function);
  for (const Node* node : function.nodes) rebuild.copy(*node);
  return rebuild.finish();
}

void check_names(const std::vector<std::string>& without) {
  for (const std::string& name : without) {
    std::string known;
    bool found = false;
    for (const Pass& pass : kPasses) {
      if (pass.level == 0 || known.find(pass.name) != std::string::npos) continue;
      known += (known.empty() ? "" : ", ") + std::string(pass.name);
      found |= pass.name == name;
    }
    if (!found)
      raise(ErrorKind::kValue, "passes: expected names of passes that may be left out (", known, "), got '",
            name, "'");
  }
}

}  // namespace

std::span<const Pass> all_passes() { return kPasses; }

FunctionPtr run_passes(const Function& function, const PassOptions& options, bool verified,
                       const PassObserver& observer) {
  check_names(options.without);
  ConditionGuard guard(function);
  if (verified) verify(function);
  FunctionPtr current = renumber(function);
  for (const Pass& pass : kPasses) {
    bool left_out =
        std::find(options.without.begin(), options.without.end(), pass.name) != options.without.end();
    if (options.opt_level < pass.level || (left_out && pass.level > 0)) continue;
    FunctionPtr next = pass.run(*current, options);
    if (verified) verify(*next);
    if (observer) observer(pass.name, *current, *next);
    current = std::move(next);
  }
  return renumber(*current);
}

}  // namespace miai
