// Devices, memory, threads and configuration.
#include <pybind11/stl.h>

#include "graph/ops/tables.h"
#include "imperative/call_plan.h"
#include "imperative/dispatch.h"
#include "imperative/random_state.h"
#include "kernels/common/deterministic.h"
#include "kernels/common/parallel.h"
#include "python/bindings/bind.h"
#include "python/bindings/convert.h"
#include "python/bindings/tensor_object.h"
#include "python/bindings/user_line.h"
#include "runtime/allocator.h"
#include "runtime/backend.h"
#include "runtime/host_wait.h"

namespace miai::python {
namespace {

py::dict memory(const std::string& device) {
  MemoryStats stats = memory_stats(parse_device(device));
  py::dict d;
  d["allocated"] = stats.allocated;
  d["reserved"] = stats.reserved;
  d["max_allocated"] = stats.max_allocated;
  d["max_reserved"] = stats.max_reserved;
  d["allocations"] = stats.allocations;
  return d;
}

void bind_memory(py::module_& m) {
  m.def("memory_stats", memory);
  m.def("reset_max_memory_stats", [](const std::string& d) { reset_max_memory_stats(parse_device(d)); });
  m.def("trim_memory", [](const std::string& d) { trim_memory(parse_device(d)); });
  m.def("set_deterministic", set_deterministic);
  m.def("is_deterministic", is_deterministic);
  m.def("set_memory_limit",
        [](const std::string& d, int64_t bytes) { return set_memory_limit(parse_device(d), bytes); });
  m.def("set_memory_goal",
        [](const std::string& d, int64_t bytes) { return set_memory_goal(parse_device(d), bytes); });
  m.def("fail_allocation_after", &fail_allocation_after);
}

void bind_devices(py::module_& m) {
  m.def("default_device", [] { return device_name(default_device()); });
  m.def("set_default_device", [](py::handle d) { set_default_device(device_from_object(d)); });
  m.def("device_name", [](py::handle d) { return device_name(device_from_object(d)); });
  m.def("device_count",
        [](const std::string& kind) { return backend(parse_device(kind).kind).device_count(); });
  m.def("synchronize", [](py::handle d) {
    if (d.is_none()) {
      synchronize_all();
    } else {
      synchronize(device_from_object(d));
    }
  });
}

}  // namespace

void bind_runtime(py::module_& m) {
  bind_memory(m);
  bind_devices(m);
  m.def("thread_count", &thread_count);
  m.def("set_thread_count", &set_thread_count);
  m.def("seed", &seed_generators);
  m.def("default_generator", [](py::handle d) {
    return py::reinterpret_steal<py::object>(wrap_cell(default_generator(device_from_object(d))));
  });
  m.def("make_generator", [](int64_t seed, py::handle d) {
    return py::reinterpret_steal<py::object>(wrap_cell(make_generator(seed, device_from_object(d))));
  });
  m.def(
      "kernels",
      [](const std::string& op) {
        py::list names;
        for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, op))
          names.append(kernel->name);
        return names;
      },
      "Names of the CPU kernels of an operator, most preferred first.");
  m.def("clear_plans", &clear_plans);
  // A queue may hold a Python function, and would never come to its end while we hold the GIL.
  set_host_wait_hooks(
      {[]() -> void* { return Py_IsInitialized() && PyGILState_Check() ? PyEval_SaveThread() : nullptr; },
       [](void* state) { PyEval_RestoreThread(static_cast<PyThreadState*>(state)); }});
  m.def("user_line", &user_line);
  m.def("set_package_folder", &set_package_folder);
  set_user_line_source(user_line);
}

}  // namespace miai::python
