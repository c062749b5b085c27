// Which images lie channels-last between the steps of a plan: a choice for whole chains of steps, so that few
// are laid out anew on the way.
#pragma once
#include <optional>
#include <unordered_set>
#include <vector>

#include "graph/compile/draft.h"

namespace miai {

/// The call of a node as it is when all its images lie channels-last.
struct ChannelsLastCall {
  /// `inputs` and `outputs`: of the call, in whatever layout; `packs`: the kernel's weight may come packed.
  ChannelsLastCall(const Node& node, const Attrs& attrs, std::vector<TensorMeta> inputs,
                   std::vector<TensorMeta> outputs, bool packs);
  std::shared_ptr<const Kernel> chosen;
  std::optional<ChannelsLast> kernel;  // what it says of itself
  Attrs attrs;                         // the kernel's
  std::vector<size_t> image_inputs, image_outputs;
  std::vector<TensorMeta> inputs, outputs;  // images channels-last

 private:
  bool takes(const Node& node, const std::shared_ptr<const Kernel>& candidate, bool packs);
};

/// The values that lie channels-last: images that steps produce and read at a gain, by the kernels' own word
/// and the bytes that are moved less.
std::unordered_set<const Value*> channels_last_values(const DraftRequest& request);

}  // namespace miai
