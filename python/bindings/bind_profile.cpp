// Profiles of a thread for python/miai/profiler.
#include <pybind11/stl.h>

#include <sstream>

#include "imperative/profile.h"
#include "python/bindings/bind.h"

namespace miai::python {
namespace {

namespace py = pybind11;

template <class T>
std::string text_of(const T& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

/// "float32[2, 3]"; "none": an input that was not given.
py::tuple types_of(const std::vector<TensorMeta>& metas) {
  py::tuple types(metas.size());
  for (size_t i = 0; i < metas.size(); ++i)
    types[i] = metas[i].present ? text_of(metas[i].dtype) + text_of(metas[i].shape) : std::string("none");
  return types;
}

/// The fields of miai.profiler.Event, in its order.
py::tuple fields_of(const ProfileEvent& event) {
  py::object instruction = event.instruction < 0 ? py::none() : py::object(py::int_(event.instruction));
  return py::make_tuple(event.op, event.kernel, event.line, event.start, event.duration,
                        types_of(event.inputs), types_of(event.outputs), event.flops, event.bytes,
                        text_of(event.device), event.thread, instruction, event.repeats);
}

}  // namespace

void bind_profile(py::module_& m) {
  py::class_<Profile, std::shared_ptr<Profile>>(m, "Profile")
      .def("stop", &Profile::stop)
      .def("events", [](const Profile& profile) {
        py::list events;
        for (const auto& event : profile.events()) events.append(fields_of(*event));
        return events;
      });
  m.def("start_profile", &Profile::start);
}

}  // namespace miai::python
