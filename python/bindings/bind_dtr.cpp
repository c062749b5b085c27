// Dynamic tensor rematerialization for python/miai/dtr.py.
#include "imperative/deferred.h"
#include "imperative/dtr.h"
#include "python/bindings/bind.h"

namespace miai::python {

void bind_dtr(pybind11::module_& m) {
  m.def("enable_dtr", &enable_dtr);
  m.def("disable_dtr", &disable_dtr);
  m.def("dtr_is_enabled", &dtr_is_enabled);
  m.def("smallest_evictee", &smallest_evictee);
  m.def("set_smallest_evictee", &set_smallest_evictee);
  m.def("dtr_statistics", [] {
    DtrStatistics s = dtr_statistics();
    return pybind11::make_tuple(s.evictions, s.evicted_bytes, s.recomputations, s.recomputed_bytes);
  });
  m.def("reset_dtr_statistics", &reset_dtr_statistics);
  m.def(
      "deferred",
      [](const pybind11::function& make) {
        DeferScope scope;
        return make();
      },
      "Calls `make`: what can be computed when its result is read is not computed now.");
  m.def("evict_all", &evict_all, "For tests: gives up all values that may go; returns how many.");
}

}  // namespace miai::python
