# The SDK's library exports miai_* alone, and holds no gradient, sample or eager code.
execute_process(COMMAND ${NM} -D --defined-only ${LIBRARY} OUTPUT_VARIABLE exported COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" exported "${exported}")
foreach(line IN LISTS exported)
  if(NOT line MATCHES " miai_[a-z0-9_]+$")
    message(SEND_ERROR "exported beside miai_*: ${line}")
  endif()
endforeach()
if(NOT exported)
  message(SEND_ERROR "nothing exported")
endif()

execute_process(COMMAND ${NM} -C ${LIBRARY} OUTPUT_VARIABLE held COMMAND_ERROR_IS_FATAL ANY)
if(NOT held MATCHES "define_conv2d\\(")  # a stripped library would hold nothing to be found
  message(SEND_ERROR "no symbols of operators: nothing can be said about gradients")
endif()
string(REGEX MATCHALL "(define_[a-z0-9_]+_grad\\(|define_[a-z0-9_]+_samples\\(|GradTable|GradContext|miai::run_backward\\(|SampleTable|SampleList|imperative)[^\n]*"
       wrong "${held}")
foreach(line IN LISTS wrong)
  message(SEND_ERROR "not for the SDK: ${line}")
endforeach()
