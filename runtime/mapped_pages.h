// Files that are mapped for reading: their pages need not stay in memory once what was made of them is used
// instead.
#pragma once
#include <cstddef>

namespace miai {

/// The mapping [data, data + bytes) of a file; until remove_mapping.
void add_mapping(const void* data, size_t bytes);
void remove_mapping(const void* data);

/// Gives the pages inside of [data, data + bytes) back to the system where they belong to a mapped file; the
/// next read brings them back. Other memory is left alone.
void drop_pages(const void* data, size_t bytes);

}  // namespace miai
