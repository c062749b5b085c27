# xxHash, compiled into ours from its header (XXH_INLINE_ALL), so that nothing is linked.
find_path(XXHASH_INCLUDE_DIR xxhash.h)
mark_as_advanced(XXHASH_INCLUDE_DIR)
if(NOT XXHASH_INCLUDE_DIR)
  message(FATAL_ERROR "xxHash not found: install libxxhash-dev (apt)")
endif()
add_library(miai_xxhash INTERFACE)
target_include_directories(miai_xxhash SYSTEM INTERFACE ${XXHASH_INCLUDE_DIR})
target_compile_definitions(miai_xxhash INTERFACE XXH_INLINE_ALL)
