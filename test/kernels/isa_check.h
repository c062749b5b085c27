// Runs a test's body with the loops of each instruction set that the processor has.
#pragma once
#if defined(__x86_64__)
#include "kernels/x86/isa.h"

namespace miai::test {

template <class F>
void for_each_isa(F&& body) {
  kernels::Isa before = kernels::current_isa();
  for (kernels::Isa isa : kernels::kAllIsas) {
    if (!kernels::has_isa(isa)) continue;
    kernels::set_isa(isa);
    body(std::string(kernels::isa_name(isa)));
  }
  kernels::set_isa(before);
}

}  // namespace miai::test
#else
namespace miai::test {

template <class F>
void for_each_isa(F&& body) {
  body(std::string("portable"));
}

}  // namespace miai::test
#endif
