// Recordings, traced programs and dims for python/miai/jit.
#include <pybind11/operators.h>
#include <pybind11/stl.h>

#include <sstream>

#include "graph/ir/dim_expr.h"
#include "imperative/traced_program.h"
#include "python/bindings/bind.h"
#include "python/bindings/convert.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

py::object to_tensor(const ValuePtr& value) { return py::reinterpret_steal<py::object>(wrap_value(value)); }

std::vector<ValuePtr> values_of(const std::vector<py::object>& tensors) {
  std::vector<ValuePtr> values;
  for (const py::object& t : tensors) values.push_back(value_of(t.ptr()));
  return values;
}

std::vector<Shape> to_shapes(const std::vector<std::vector<int64_t>>& sizes) {
  std::vector<Shape> shapes;
  for (const auto& s : sizes) shapes.emplace_back(std::span<const int64_t>(s));
  return shapes;
}

std::vector<py::object> run(TracedProgram& program, const std::vector<py::object>& tensors) {
  std::vector<ValuePtr> inputs, outputs;
  for (const py::object& t : tensors) inputs.push_back(cell_of(t.ptr()).value());
  {
    py::gil_scoped_release release;
    outputs = program.run(inputs);
  }
  std::vector<py::object> wrapped;
  for (const ValuePtr& value : outputs) wrapped.push_back(to_tensor(value));
  return wrapped;
}

/// dtype, device and shape of each argument as bytes: calls that agree in them may share a program. None if
/// one is no tensor with a value.
py::object tensor_signature(const py::tuple& args) {
  std::string bytes;
  for (py::handle arg : args) {
    if (!is_tensor(arg.ptr()) || cell_of(arg.ptr()).is_empty()) return py::none();
    const TensorRef& ref = cell_of(arg.ptr()).value()->ref;
    Device device = ref.device();
    int64_t head[] = {static_cast<int64_t>(ref.meta.dtype), static_cast<int64_t>(device.kind), device.index,
                      ref.meta.rank()};
    bytes.append(reinterpret_cast<const char*>(head), sizeof(head));
    bytes.append(reinterpret_cast<const char*>(ref.meta.shape.begin()),
                 static_cast<size_t>(ref.meta.rank()) * sizeof(int64_t));
  }
  return py::bytes(bytes);
}

py::list blocks_of(const Plan& plan) {
  py::list blocks;
  for (const ArenaBlock& block : plan.memory.blocks) {
    const Instruction& maker = plan.instructions[static_cast<size_t>(block.first)];
    std::ostringstream device;
    device << block.device;
    blocks.append(py::make_tuple(block.offset, block.bytes, block.first, block.last, maker.op, maker.line,
                                 block.is_workspace, maker.repeats, device.str()));
  }
  return blocks;
}

py::dict report_to_dict(const MemoryReport& report) {
  py::dict d;
  d["peak_bytes"] = report.peak_bytes;
  d["limit_bytes"] = report.limit_bytes;
  d["arena_bytes"] = report.arena_bytes;
  d["lower_bound_bytes"] = report.lower_bound_bytes;
  d["commit_bytes"] = report.commit_bytes;
  d["input_bytes"] = report.input_bytes;
  d["state_bytes"] = report.state_bytes;
  d["constant_bytes"] = report.constant_bytes;
  d["packed_bytes"] = report.packed_bytes;
  d["workspace_bytes"] = report.workspace_bytes;
  d["output_bytes"] = report.output_bytes;
  d["seconds"] = report.seconds;
  d["repeated_seconds"] = report.repeated_seconds;
  py::list repeated;
  for (const RepeatedOp& r : report.repeated)
    repeated.append(py::make_tuple(r.op, r.line, r.bytes, r.seconds));
  d["repeated"] = repeated;
  return d;
}

Dim to_dim(py::handle object) {
  std::optional<Dim> dim = dim_from_object(object);
  if (!dim) throw py::type_error("expected an int or a Dim");
  return *dim;
}

int64_t guarded_value(Dim dim) {
  if (dim.is_static()) return dim.value();
  Recording* recording = Recording::current();
  if (!recording)
    raise(ErrorKind::kRuntime, "the size ", dim, " is known only inside the trace that it belongs to");
  int64_t value = recording->evaluate(dim);
  recording->hold_guard(dim, value);
  return value;
}

/// What is neither an int nor a Dim (a Tensor, a float) is asked next: NotImplemented.
template <class F>
py::object with_dim(py::handle other, F&& f) {
  std::optional<Dim> dim = dim_from_object(other);
  if (!dim) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
  return dim_to_object(f(*dim));
}
template <class F>
auto arithmetic(F f) {
  return [f](Dim a, py::handle b) { return with_dim(b, [&](Dim d) { return f(a, d); }); };
}
template <class F>
auto reflected(F f) {
  return [f](Dim a, py::handle b) { return with_dim(b, [&](Dim d) { return f(d, a); }); };
}
/// Orders two dims by their values at hand; each becomes a guard.
template <class F>
auto comparison(F f) {
  return [f](Dim a, py::handle b) { return f(guarded_value(a), guarded_value(to_dim(b))); };
}

/// A quotient is no size. A tensor is asked next: it divides by sizes.
py::object true_division(Dim dim, py::handle other) {
  if (is_tensor(other.ptr())) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
  raise(ErrorKind::kType, "/ with the dynamic size ", dim, ": expected a tensor on the other side, got ",
        py::repr(other).cast<std::string>(),
        "; divide the tensor by the size, use //, or float(size), which records the program anew for each");
}

void bind_dim(py::module_& m) {
  auto add = [](Dim a, Dim b) { return a + b; };
  auto sub = [](Dim a, Dim b) { return a - b; };
  auto mul = [](Dim a, Dim b) { return a * b; };
  auto mod = [](Dim a, Dim b) { return a - floor_div(a, b) * b; };
  py::class_<Dim>(m, "Dim", "A dynamic dimension of a traced function: an expression over symbols.")
      .def("__add__", arithmetic(add))
      .def("__radd__", reflected(add))
      .def("__sub__", arithmetic(sub))
      .def("__rsub__", reflected(sub))
      .def("__mul__", arithmetic(mul))
      .def("__rmul__", reflected(mul))
      .def("__floordiv__", arithmetic([](Dim a, Dim b) { return floor_div(a, b); }))
      .def("__rfloordiv__", reflected([](Dim a, Dim b) { return floor_div(a, b); }))
      .def("__mod__", arithmetic(mod))
      .def("__rmod__", reflected(mod))
      .def("__truediv__", true_division)
      .def("__rtruediv__", true_division)
      .def("__neg__", [](Dim a) { return dim_to_object(Dim(0) - a); })
      .def("__int__", guarded_value)
      .def("__index__", guarded_value)
      .def("__float__", [](Dim a) { return static_cast<double>(guarded_value(a)); })
      .def("__eq__",
           [](Dim a, py::handle b) {
             std::optional<Dim> other = dim_from_object(b);
             return other && dims_equal(a, *other);
           })
      .def("__lt__", comparison([](int64_t a, int64_t b) { return a < b; }))
      .def("__le__", comparison([](int64_t a, int64_t b) { return a <= b; }))
      .def("__gt__", comparison([](int64_t a, int64_t b) { return a > b; }))
      .def("__ge__", comparison([](int64_t a, int64_t b) { return a >= b; }))
      .def("__hash__", [](Dim a) { return guarded_value(a); })
      .def("__repr__", [](Dim a) { return to_string(a); });
}

}  // namespace

void bind_trace(py::module_& m) {
  bind_dim(m);
  py::class_<CompileOptions>(m, "CompileOptions")
      .def(py::init([](int opt_level, int64_t memory_limit, bool recomputes_cheaply, bool fast_run) {
        CompileOptions options;
        options.opt_level = opt_level;
        options.memory_limit = memory_limit;
        options.recomputes_cheaply = recomputes_cheaply;
        options.fast_run = fast_run;
        return options;
      }))
      .def_readonly("memory_limit", &CompileOptions::memory_limit);
  py::class_<Recording>(m, "Recording")
      .def(py::init<std::string>())
      .def("start", &Recording::start)
      .def("stop", &Recording::stop)
      .def("roll_back", &Recording::roll_back)
      .def("add_input",
           [](Recording& r, py::handle tensor, const std::string& name, const std::vector<bool>& dynamic) {
             py::object input = to_tensor(r.add_input(cell_of(tensor.ptr()).value(), name, dynamic));
             r.adopt(cell_of(input.ptr()));
             return input;
           })
      .def("finish", [](Recording& r, const std::vector<py::object>& outputs, const CompileOptions& options) {
        FunctionPtr function = r.finish(values_of(outputs));
        r.stop();
        return std::make_unique<TracedProgram>(function, r.captured(), options);
      });
  m.def("tensor_signature", tensor_signature);
  m.def("is_recording", [] { return Recording::current() != nullptr; });
  py::class_<TracedProgram>(m, "TracedProgram")
      .def("mismatch", &TracedProgram::mismatch)
      .def("conditions_hold",
           [](TracedProgram& p, const std::vector<std::vector<int64_t>>& s) {
             return p.conditions_hold(to_shapes(s));
           })
      .def("run", run)
      .def(
          "snapshot",
          [](TracedProgram& p) {
            py::list values;
            for (const ValuePtr& value : p.snapshot()) values.append(value ? to_tensor(value) : py::none());
            return values;
          },
          "Values of the captured tensors; None where empty.")
      .def("restore",
           [](TracedProgram& p, const std::vector<py::object>& tensors) {
             std::vector<ValuePtr> values;
             for (const py::object& t : tensors)
               values.push_back(t.is_none() ? nullptr : cell_of(t.ptr()).value());
             p.restore(values);
           })
      .def("to_text", [](TracedProgram& p) { return to_text(p.function()); })
      .def("optimized_text", [](TracedProgram& p) { return to_text(p.executable().function()); })
      .def("explain",
           [](TracedProgram& p, const std::vector<std::vector<int64_t>>& s) {
             return p.executable().explain(to_shapes(s));
           })
      .def("memory_report",
           [](TracedProgram& p, const std::vector<std::vector<int64_t>>& s) {
             return report_to_dict(p.executable().memory_report(to_shapes(s)));
           })
      .def("lowered", &TracedProgram::lowered, "The program for a file; None: this one.")
      .def("arena_blocks",
           [](TracedProgram& p, const std::vector<std::vector<int64_t>>& s) {
             return blocks_of(*p.executable().plan(to_shapes(s)));
           })
      .def("real_peak", &TracedProgram::real_peak)
      .def("release_memory", &TracedProgram::release_memory);
}

}  // namespace miai::python
