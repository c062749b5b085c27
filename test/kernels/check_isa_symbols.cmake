# Weak functions (inline, templates) of one instruction set must not be those that the linker picks for all: the
# objects of <stem>.isa.cpp may define weak symbols only if their names hold the instruction set's namespace.
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} --defined-only ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+ [WVu] [^\n]+" weak "${symbols}")
  foreach(line IN LISTS weak)
    if(NOT line MATCHES "avx2|avx512")
      message(SEND_ERROR "${object}: ${line} is weak: make it static, or inline it by force")
    endif()
  endforeach()
endforeach()
