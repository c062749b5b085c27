// What each file of bindings adds to the module.
#pragma once
#include <pybind11/pybind11.h>

namespace miai::python {

void bind_autodiff(pybind11::module_& module);   // Tape, NoGrad
void bind_trace(pybind11::module_& module);      // Recording, TracedProgram, Dim
void bind_runtime(pybind11::module_& module);    // devices, memory, threads, configuration
void bind_dtr(pybind11::module_& module);        // giving values up and making them again
void bind_tensor(pybind11::module_& module);     // creation, reading, writing
void bind_dlpack(pybind11::module_& module);     // exchange of memory
void bind_model(pybind11::module_& module);      // model files and checkpoints
void bind_custom_op(pybind11::module_& module);  // operators registered from Python
void bind_plugin(pybind11::module_& module);     // operators in shared libraries
void bind_debug(pybind11::module_& module);      // Python calls in programs, anomalies, faults
void bind_profile(pybind11::module_& module);    // recording what operators take
void bind_samples(pybind11::module_& module);    // operator samples, for the tests

}  // namespace miai::python
