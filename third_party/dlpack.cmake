# DLPack's header: exchange of tensors with NumPy and PyTorch.
find_path(DLPACK_INCLUDE_DIR dlpack/dlpack.h)
mark_as_advanced(DLPACK_INCLUDE_DIR)
if(NOT DLPACK_INCLUDE_DIR)
  message(FATAL_ERROR "DLPack not found: install libdlpack-dev (apt)")
endif()
add_library(miai_dlpack INTERFACE)
target_include_directories(miai_dlpack SYSTEM INTERFACE ${DLPACK_INCLUDE_DIR})
