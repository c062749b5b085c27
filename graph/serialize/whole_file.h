// Writing a file so that it is whole or absent, and reading one by mapping it.
#pragma once
#include <memory>
#include <span>
#include <string>

namespace miai {

/// Writes the parts one after the other into a temporary file beside `path`, syncs and renames it. On any
/// failure the temporary file is removed, the old file stays, and OSError is raised.
void write_whole_file(const std::string& path, std::span<const std::span<const char>> parts);

/// A file mapped privately for reading. `data` keeps the mapping alive. Raises OSError.
struct MappedFile {
  std::shared_ptr<const void> data;
  size_t size = 0;
};
MappedFile map_file(const std::string& path);

}  // namespace miai
