# GoogleTest, for tests alone.
find_package(GTest 1.12 CONFIG QUIET)
if(NOT GTest_FOUND)
  message(FATAL_ERROR "GoogleTest not found: install libgtest-dev (apt), or configure with -DMIAI_TESTS=OFF")
endif()
