// Python functions that a traced program calls, anomalies, and faults for tests.
#include <pybind11/stl.h>

#include <atomic>
#include <map>
#include <mutex>

#include "graph/ops/tables.h"
#include "imperative/anomaly.h"
#include "imperative/recording.h"
#include "imperative/tape.h"
#include "kernels/common/kernel_table.h"
#include "python/bindings/bind.h"
#include "python/bindings/convert.h"
#include "python/bindings/shared_object.h"
#include "python/bindings/tensor_object.h"
#include "runtime/plan_executor.h"

namespace miai::python {
namespace {

struct PythonCallAttrs {
  int64_t id = 0;
  static auto fields() { return std::tuple{field("id", &PythonCallAttrs::id, "which function")}; }
};

/// A function that programs call by its id. A program lives no longer than the Python object that holds this.
struct PythonCall {
  std::string op;
  SharedObject function;
  std::vector<TensorType> outputs;
  int64_t id = 0;
};
using PythonCallPtr = std::shared_ptr<const PythonCall>;

class CallTable {
 public:
  PythonCallPtr add(PythonCall call) {
    std::lock_guard lock(mutex_);
    call.id = ++last_;
    auto made = std::make_shared<const PythonCall>(std::move(call));
    std::erase_if(calls_, [](const auto& item) { return item.second.expired(); });
    calls_[made->id] = made;
    return made;
  }
  PythonCallPtr find(int64_t id) {
    std::lock_guard lock(mutex_);
    auto it = calls_.find(id);
    PythonCallPtr call = it == calls_.end() ? nullptr : it->second.lock();
    if (!call) raise(ErrorKind::kRuntime, "a program calls a Python function that is gone");
    return call;
  }
  static CallTable& global() {
    static CallTable table;
    return table;
  }

 private:
  std::mutex mutex_;
  std::map<int64_t, std::weak_ptr<const PythonCall>> calls_;
  int64_t last_ = 0;
};

/// A copy of what a kernel sees, as `Tensor.numpy` gives it.
py::object copy_of(const TensorView& view) {
  TensorRef ref{view, Storage::import(Device{}, view.data, byte_size(view), [] {}), 0};
  py::object tensor = py::reinterpret_steal<py::object>(wrap_value(make_intrusive<EagerValue>(ref)));
  return to_numpy(tensor, true);
}

void run_call(const KernelArgs& args) {
  const auto& call = args.state_as<PythonCall>();
  calling_python(call.op, "function", [&] {
    RecordingPause pause;
    py::list inputs;
    for (const TensorView& input : args.inputs) inputs.append(copy_of(input));
    py::list results = (*call.function)(*py::tuple(inputs)).cast<py::list>();
    if (results.size() != call.outputs.size())
      raise(ErrorKind::kValue, call.op, ": the function gave ", results.size(), " tensors, and ",
            call.outputs.size(), " when it was recorded");
    for (size_t i = 0; i < results.size(); ++i) {
      const EagerValue& value = *value_of(py::object(results[i]).ptr());
      const TensorView& output = args.outputs[i];
      if (value.ref.meta.dtype != output.dtype || !(value.ref.meta.shape == output.shape))
        raise(ErrorKind::kValue, call.op, ": result ", i, " is ", value.ref.meta.dtype, value.ref.meta.shape,
              ", and ", output.dtype, output.shape, " when it was recorded");
      copy_to_host(value, output.data);
    }
    return 0;
  });
}

/// Effects run once a call of the program, in the order written. The last output stands for their end: it
/// carries the error of work that ran on a device's queue.
const OpDef& call_op(const std::string& name) {
  if (const OpDef* known = OpTable::global().find(name)) return *known;
  OpDef op;
  op.name = name;
  op.doc = "A Python function that a program calls.";
  op.attrs = &attrs_type<PythonCallAttrs>();
  op.inputs = {{"inputs", Presence::kVariadic}};
  op.outputs = {{"out", true, true}};
  op.effect = true;
  op.portable = false;
  op.is_public = false;
  op.infer = [](InferContext& c) {
    for (const TensorType& type : CallTable::global().find(c.attrs<PythonCallAttrs>().id)->outputs)
      c.outputs.push_back(type);
    c.output(DType::kUInt8, Dims{}, c.input_count() ? c.input(0).device : Device{});
  };
  Kernel kernel;
  kernel.op = name;
  kernel.name = "python/" + name;
  kernel.prepare = [](const KernelSignature& signature) {
    return Prepared{CallTable::global().find(signature.attrs.as<PythonCallAttrs>().id), 0};
  };
  kernel.run = run_call;
  KernelTable::global().add(std::move(kernel));
  return OpTable::global().add(std::move(op));
}

/// Adds the call to the recording in force. `results`: what the function gave for the inputs at hand.
PythonCallPtr record_call(const std::string& name, py::object function,
                          const std::vector<py::object>& tensors, const std::vector<py::object>& results) {
  Recording* recording = Recording::current();
  if (!recording) raise(ErrorKind::kRuntime, name, ": no recording is in force");
  Vars inputs, outputs;
  for (const py::object& tensor : tensors) inputs.push_back(var_of(tensor.ptr()));
  PythonCall call{name, share(std::move(function)), {}, 0};
  for (const py::object& result : results) {
    const ValuePtr& value = cell_of(result.ptr()).value();
    call.outputs.push_back(value->concrete_type());
    outputs.push_back(to_var(value));
    recording->adopt(cell_of(result.ptr()));
  }
  Device device = inputs.empty() ? Device{} : eager(inputs[0]).ref.device();
  outputs.push_back(to_var(make_intrusive<EagerValue>(allocate_tensor(DType::kUInt8, {}, device))));
  PythonCallPtr made = CallTable::global().add(std::move(call));
  const OpDef& op = call_op(name);
  Attrs attrs = make_attrs(PythonCallAttrs{made->id});
  recording->record(op, attrs, inputs, outputs);
  record_on_tapes(op, attrs, inputs, outputs);
  return made;
}

/// Raises before the n-th instruction that this thread's plans run, counted from 0.
class Fault final : public InstructionObserver {
 public:
  void before(int, const Instruction&) override {
    if (remaining-- == 0) raise(ErrorKind::kRuntime, "a fault asked for by a test");
  }
  int64_t remaining = 0;
};

void fail_instruction(int64_t n) {
  thread_local Fault fault;
  fault.remaining = n;
  remove_thread_observer(fault);
  if (n >= 0) add_thread_observer(fault);
}

class Pause {
 public:
  void enter() { pause_ = std::make_unique<RecordingPause>(); }
  void leave() { pause_ = nullptr; }

 private:
  std::unique_ptr<RecordingPause> pause_;
};

}  // namespace

void bind_debug(py::module_& m) {
  py::class_<PythonCall, std::shared_ptr<PythonCall>>(m, "PythonCall");  // NOLINT: registers the type
  m.def("record_call", [](const std::string& name, py::object function, const std::vector<py::object>& inputs,
                          const std::vector<py::object>& results) {
    return std::const_pointer_cast<PythonCall>(record_call(name, std::move(function), inputs, results));
  });
  py::class_<Pause>(m, "RecordingPause")
      .def(py::init())
      .def("__enter__", &Pause::enter)
      .def("__exit__", [](Pause& pause, const py::args&) { pause.leave(); });
  m.def("set_anomaly_detection",
        [](int what) { return static_cast<int>(set_anomaly_detection(static_cast<Anomalies>(what))); });
  m.def("fail_instruction", fail_instruction);
}

}  // namespace miai::python
