// NumPy's .npy files, for the inputs and outputs of miai-run (format versions 1 to 3; written as 1.0).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "miai/miai.hpp"

namespace miai::run {

struct NpyArray {
  miai_dtype dtype = MIAI_FLOAT32;
  std::vector<int64_t> shape;
  std::vector<char> data;  // dense, row-major

  miai_tensor tensor() const;
};

/// Raises std::runtime_error naming the file for what is missing, damaged or of an unknown dtype.
NpyArray read_npy(const std::string& path);
/// bfloat16 is written as float32.
void write_npy(const std::string& path, const miai_tensor& tensor);

}  // namespace miai::run
