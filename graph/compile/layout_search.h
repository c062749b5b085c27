// Which images of a plan lie channels-last at the least cost: by costs alone, without graphs or kernels.
#pragma once
#include <limits>
#include <vector>

namespace miai {

struct LayoutProblem {
  struct Image {
    int group;            // images of one group lie alike
    double copy_seconds;  // to lay it out anew
    bool can_be = false;  // channels-last: its maker writes such images
  };
  struct Step {
    std::vector<int> images;  // that it reads or writes
    double row_major;         // seconds with all of them row-major
    double channels_last = std::numeric_limits<double>::infinity();
  };
  std::vector<Image> images;
  std::vector<Step> steps;
  int groups = 0;
};

/// For each group whether its images (those that can) lie channels-last. Steps take the better of their two
/// forms, with copies of the images that lie otherwise. Found by changing one group, or all of one step, as
/// long as that gains, from nothing and from everything channels-last: near the optimum, not always at it.
std::vector<bool> search_layouts(const LayoutProblem& problem);

}  // namespace miai
