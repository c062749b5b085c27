# Run by miai_table: writes OUTPUT, which calls the registration function of each of SOURCES that has one.
#   ops      graph/ops/<stem>.cpp                define_<stem>(OpTable&)
#   grads    graph/ops/<stem>.cpp                define_<stem>_grad(GradTable&)
#   samples  graph/ops/<stem>.cpp                define_<stem>_samples(SampleTable&)
#   kernels  kernels/<backend>/<stem>.cpp        register_<backend>_<stem>(KernelTable&)
set(ops_facts "ops" "graph/ops/tables.h" OpTable define_all_ops kOpFiles)
set(grads_facts "ops" "graph/ops/tables.h" GradTable define_all_grads kGradFiles)
set(samples_facts "ops" "graph/ops/tables.h" SampleTable define_all_samples kSampleFiles)
set(kernels_facts "kernels" "kernels/common/kernel_table.h" KernelTable register_all_kernels kKernelFiles)
list(GET ${KIND}_facts 0 namespace)
list(GET ${KIND}_facts 1 header)
list(GET ${KIND}_facts 2 table)
list(GET ${KIND}_facts 3 entry)
list(GET ${KIND}_facts 4 count_name)

set(functions "")
foreach(source IN LISTS SOURCES)
  get_filename_component(stem ${source} NAME_WE)
  get_filename_component(folder ${source} DIRECTORY)
  get_filename_component(folder ${folder} NAME)
  set(ops_function define_${stem})
  set(grads_function define_${stem}_grad)
  set(samples_function define_${stem}_samples)
  set(kernels_function register_${folder}_${stem})
  set(expected ${${KIND}_function})
  file(STRINGS ${source} found REGEX "^void [a-z0-9_:]+\\(${table}&")
  foreach(line IN LISTS found)
    string(REGEX REPLACE "^void ([a-z0-9_:]+)\\(.*" "\\1" name "${line}")
    string(REGEX REPLACE ".*::" "" name "${name}")
    if(name STREQUAL expected)
      list(APPEND functions ${name})
    elseif(name MATCHES "^(define|register)_" AND NOT name STREQUAL entry)
      message(FATAL_ERROR "${source}: found ${name}(${table}&); the function of this file is ${expected}")
    endif()
  endforeach()
endforeach()
list(SORT functions)
list(LENGTH functions count)

set(declarations "")
set(calls "")
foreach(function IN LISTS functions)
  string(APPEND declarations "void ${function}(${table}&);\n")
  string(APPEND calls "  ${function}(table);\n")
endforeach()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [=[
// Made by third_party/make_table.cmake from the list of sources.
#include "@header@"

namespace miai::@namespace@ {

extern const int @count_name@;
const int @count_name@ = @count@;

@declarations@
void @entry@([[maybe_unused]] @table@& table) {
@calls@}

}  // namespace miai::@namespace@
]=])
