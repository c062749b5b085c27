// Files in memory, made and taken apart.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "graph/serialize/model_file.h"
#include "graph/serialize/safetensors.h"

namespace miai::testing {

/// A path within the test's own folder.
std::string temporary_path(const std::string& name);
std::string read_bytes(const std::string& path);
TensorFile open_bytes(const std::string& bytes, bool check = false);
Model open_model(const std::string& bytes, bool check = false);

/// A file of this header and data.
std::string with_header(const std::string& header, const std::string& data = "");
std::string header_of(const std::string& file);
std::string data_of(const std::string& file);
/// The header with its checksum made right, where it has one.
std::string with_checksum(std::string header);
/// The file with its header, or the functions in it, changed, and without the header's checksum.
std::string change_header(const std::string& file,
                          const std::function<void(nlohmann::ordered_json&)>& change);
std::string change_functions(const std::string& file,
                             const std::function<void(nlohmann::ordered_json&)>& change);

HostTensor host_tensor(const std::string& name, DType dtype, const Shape& shape, int first = 0);
/// Files as their writers make them.
std::string sample_checkpoint();
std::string sample_model(bool with_step);

/// The message of the OSError that the action raises; "" if none.
std::string io_error(const std::function<void()>& action);

}  // namespace miai::testing
