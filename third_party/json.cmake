# nlohmann JSON (headers).
find_package(nlohmann_json 3.10 CONFIG QUIET)
if(NOT nlohmann_json_FOUND)
  message(FATAL_ERROR "nlohmann JSON not found: install nlohmann-json3-dev (apt)")
endif()
