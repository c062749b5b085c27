# oneDNN 3.2 from its PyPI package. Debian's libdnnl-dev (2.6) has another API and is refused by its version.
# The package lies in the prefix of pip's build environment, which CMake finds by PATH, or in the interpreter's.
if(Python_EXECUTABLE)
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c "import sysconfig; print(sysconfig.get_path('data'))"
    OUTPUT_VARIABLE python_prefix OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
find_package(dnnl 3.2 CONFIG QUIET PATHS ${python_prefix})
if(NOT dnnl_FOUND)
  message(FATAL_ERROR "oneDNN 3 not found: ${Python_EXECUTABLE} -m pip install onednn-devel-cpu-gomp==2023.2.0, "
                      "or configure with -DMIAI_ONEDNN=OFF")
endif()
# The package holds the library three times under its three names: the one that is bundled is its soname.
set(MIAI_ONEDNN_LIBRARY $<TARGET_FILE_DIR:DNNL::dnnl>/libdnnl.so.3)
