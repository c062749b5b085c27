# Lists of sources and the tables that are made from them.

# miai_glob(VARIABLE PATTERN...): the sources below the current folder that match, found again at each build.
function(miai_glob variable)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${ARGN})
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

# miai_library(NAME SOURCE...): a static library.
function(miai_library name)
  add_library(${name} STATIC ${ARGN})
endfunction()

# miai_table(KIND OUTPUT SOURCE...): OUTPUT calls the registration function of every source that has one.
# It is made again when a source changes, and rewritten only when the list of functions does.
function(miai_table kind output)
  set(script ${PROJECT_SOURCE_DIR}/third_party/make_table.cmake)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DKIND=${kind} -DOUTPUT=${output} "-DSOURCES=${ARGN}" -P ${script}
    DEPENDS ${script} ${ARGN}
    COMMENT "Table of ${kind}"
    VERBATIM)
endfunction()
