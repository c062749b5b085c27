// Operators as Python callables, made from the operator table: f(inputs..., attributes...) by position or
// keyword.
#include <pybind11/pybind11.h>
#include <structmember.h>

#include <map>
#include <sstream>

#include "imperative/random_state.h"
#include "python/bindings/convert.h"
#include "python/bindings/errors.h"
#include "python/bindings/operators.h"
#include "python/bindings/tensor_object.h"

namespace miai::python {
namespace {

/// One parameter of the Python signature: an input of the operator, or a field of its attributes.
struct Parameter {
  std::string name;
  int input = -1;                    // index of the input, or -1
  const FieldInfo* field = nullptr;  // else
};

struct OpFunction {
  PyObject_HEAD  // NOLINT
      vectorcallfunc vectorcall;
  const OpDef* op;
  const std::vector<Parameter>* parameters;
  const Attrs* defaults;
};
PyTypeObject* op_function_type = nullptr;

bool is_hidden(const OpDef& op, std::string_view name) { return op.random && name == "ticket"; }

std::vector<Parameter> make_parameters(const OpDef& op) {
  std::vector<Parameter> parameters;
  for (size_t i = 0; i < op.inputs.size(); ++i)
    if (!(op.random && op.inputs[i].name == "state"))
      parameters.push_back({op.inputs[i].name, static_cast<int>(i)});
  if (op.attrs)
    for (const FieldInfo& field : op.attrs->fields)
      if (!is_hidden(op, field.name)) parameters.push_back({std::string(field.name), -1, &field});
  if (op.random) parameters.push_back({"state", -1});
  return parameters;
}

/// The arguments of one call as they are collected.
class Arguments {
 public:
  explicit Arguments(OpFunction* function) : function_(function), op_(*function->op) {
    objects_.resize(function->parameters->size());
  }

  void take_positional(PyObject* const* args, Py_ssize_t count) {
    if (count > static_cast<Py_ssize_t>(objects_.size()))
      raise(ErrorKind::kType, op_.name, ": expected at most ", objects_.size(), " arguments, got ", count);
    for (Py_ssize_t i = 0; i < count; ++i) objects_[i] = args[i];
  }
  void take_keyword(PyObject* name, PyObject* value) {
    const char* text = PyUnicode_AsUTF8(name);
    for (size_t i = 0; i < objects_.size(); ++i) {
      if ((*function_->parameters)[i].name != text) continue;
      if (objects_[i]) raise(ErrorKind::kType, op_.name, ": argument '", text, "': given twice");
      objects_[i] = value;
      return;
    }
    std::ostringstream known;
    for (const Parameter& p : *function_->parameters) known << (known.tellp() ? ", " : "") << p.name;
    raise(ErrorKind::kType, op_.name, ": unknown argument '", text, "'; it takes ", known.str());
  }

  PyObject* run() {
    std::vector<Var> inputs;
    Attrs attrs = *function_->defaults;
    std::shared_ptr<void> data;
    Cell* generator = nullptr;
    collect_inputs(inputs);
    for (size_t i = 0; i < objects_.size(); ++i) {
      const Parameter& parameter = (*function_->parameters)[i];
      if (!objects_[i]) continue;
      if (parameter.field) {
        set_field(data, *parameter.field, objects_[i]);
      } else if (parameter.input < 0) {
        generator = generator_of(objects_[i]);
      }
    }
    if (data) attrs = Attrs(std::move(data), op_.attrs);
    if (op_.random) return result(run_random(attrs, std::move(inputs), generator));
    return result(call(op_, attrs, inputs));
  }

 private:
  void set_field(std::shared_ptr<void>& data, const FieldInfo& field, PyObject* object) {
    if (!data) data = op_.attrs->create();
    try {
      field.set(data.get(), attr_from_object(object), field);
    } catch (const Error& error) {
      std::string text = error.what();
      std::string prefix = text.starts_with("argument") ? "" : "argument '" + std::string(field.name) + "': ";
      raise(error.kind(), op_.name, ": ", prefix, text);
    }
  }

  /// Tensors first, so that a number next to them takes its dtype from the first tensor.
  void collect_inputs(std::vector<Var>& inputs) {
    const TensorType* like = nullptr;
    TensorType first;
    for (size_t i = 0; i < objects_.size() && !like; ++i) {
      if ((*function_->parameters)[i].input < 0 || !objects_[i] || !is_tensor(objects_[i])) continue;
      first = eager(var_of(objects_[i])).concrete_type();
      like = &first;
    }
    for (size_t i = 0; i < objects_.size(); ++i) {
      const Parameter& parameter = (*function_->parameters)[i];
      if (parameter.input < 0) continue;
      while (static_cast<int>(inputs.size()) < parameter.input)
        inputs.emplace_back();  // the generator's place
      bool given = objects_[i] && objects_[i] != Py_None;
      if (op_.inputs[parameter.input].presence == Presence::kVariadic) {
        if (given) collect_variadic(objects_[i], parameter.name, inputs);
      } else {
        inputs.push_back(given ? input(objects_[i], parameter.name, like) : Var());
      }
    }
    while (!inputs.empty() && !inputs.back()) inputs.pop_back();
  }

  Var input(PyObject* object, const std::string& name, const TensorType* like) {
    try {
      return operand(object, like);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kType && error.kind() != ErrorKind::kValue) throw;
      raise(error.kind(), op_.name, ": argument '", name, "': expected a Tensor, got ",
            Py_TYPE(object)->tp_name, "; ", error.what());
    }
  }

  void collect_variadic(PyObject* object, const std::string& name, std::vector<Var>& inputs) {
    if (is_tensor(object) || !PySequence_Check(object))
      raise(ErrorKind::kType, op_.name, ": argument '", name, "': expected a list of tensors, got ",
            Py_TYPE(object)->tp_name);
    py::sequence items = py::reinterpret_borrow<py::sequence>(object);
    const TensorType* like = nullptr;
    TensorType first;
    for (py::handle item : items) {
      inputs.push_back(input(item.ptr(), name, like));
      if (like || !is_tensor(item.ptr())) continue;
      first = eager(inputs.back()).concrete_type();
      like = &first;
    }
  }

  Cell* generator_of(PyObject* object) {
    if (object == Py_None) return nullptr;
    if (!is_tensor(object))
      raise(ErrorKind::kType, op_.name, ": argument 'state': expected a generator's Tensor, got ",
            Py_TYPE(object)->tp_name);
    return &cell_of(object);
  }

  Vars run_random(const Attrs& attrs, std::vector<Var> inputs, Cell* generator) {
    Device device = default_device();
    for (const Var& input : inputs)
      if (input) device = eager(input).ref.device();
    CellPtr chosen = generator ? CellPtr(generator) : default_generator(device);
    return dispatch_random(op_, attrs, std::move(inputs), *chosen);
  }

  PyObject* result(const Vars& outputs) {
    bool variadic = op_.outputs.back().variadic;
    int visible = variadic ? static_cast<int>(outputs.size()) : op_.visible_outputs();
    if (visible == 1 && !variadic) return wrap_var(outputs[0]);
    py::tuple tuple(visible);
    int at = 0;
    for (size_t i = 0; i < outputs.size(); ++i)
      if (variadic || !op_.outputs[i].aux) tuple[at++] = wrap(outputs[i]);
    return tuple.release().ptr();
  }

  OpFunction* function_;
  const OpDef& op_;
  std::vector<PyObject*> objects_;  // beside the parameters; nullptr: not given
};

PyObject* vectorcall(PyObject* self, PyObject* const* args, size_t nargsf, PyObject* names) {
  return guarded<PyObject*>(nullptr, [&] {
    Arguments arguments(reinterpret_cast<OpFunction*>(self));
    Py_ssize_t positional = PyVectorcall_NARGS(nargsf);
    arguments.take_positional(args, positional);
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i)
      arguments.take_keyword(PyTuple_GET_ITEM(names, i), args[positional + i]);
    return arguments.run();
  });
}

const OpDef& op_of(PyObject* self) { return *reinterpret_cast<OpFunction*>(self)->op; }

/// "(inp, weight, bias=None, stride=(1, 1))"
std::string signature(PyObject* self) {
  const OpDef& op = op_of(self);
  std::shared_ptr<void> defaults = op.attrs ? op.attrs->create() : nullptr;
  std::ostringstream text;
  text << '(';
  for (const Parameter& p : *reinterpret_cast<OpFunction*>(self)->parameters) {
    text << (text.tellp() > 1 ? ", " : "") << p.name;
    if (p.field) {
      text << '=' << py::repr(attr_to_object(p.field->get(defaults.get(), *p.field))).cast<std::string>();
    } else if (p.input < 0 || op.inputs[p.input].presence == Presence::kOptional) {
      text << "=None";
    }
  }
  text << ')';
  return text.str();
}

PyObject* get_name(PyObject* self, void*) { return PyUnicode_FromString(op_of(self).name.c_str()); }
PyObject* get_signature(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] { return PyUnicode_FromString(signature(self).c_str()); });
}
PyObject* get_doc(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] {
    const OpDef& op = op_of(self);
    std::ostringstream text;
    text << op.name << signature(self) << "\n\n" << op.doc << "\n";
    bool any = false;
    for (const Parameter& p : *reinterpret_cast<OpFunction*>(self)->parameters) {
      std::string doc = p.field        ? std::string(p.field->doc)
                        : p.input >= 0 ? op.inputs[p.input].doc
                                       : "the generator; None: the default one";
      if (doc.empty()) continue;
      text << (any ? "" : "\nArgs:\n") << "    " << p.name << ": " << doc << "\n";
      any = true;
    }
    return PyUnicode_FromString(text.str().c_str());
  });
}
PyObject* represent(PyObject* self) {
  return PyUnicode_FromFormat("<operator miai.functional.%s>", op_of(self).name.c_str());
}

PyGetSetDef attributes[] = {{"__name__", get_name, nullptr, nullptr, nullptr},
                            {"__qualname__", get_name, nullptr, nullptr, nullptr},
                            {"__text_signature__", get_signature, nullptr, nullptr, nullptr},
                            {"__doc__", get_doc, nullptr, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(OpFunction, vectorcall), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

/// One object an operator, for the life of the process.
py::object op_function(const std::string& name) {
  static std::map<std::string, PyObject*> made;
  PyObject*& object = made[name];
  if (!object) {
    const OpDef& op = find_op(name);
    auto* function = PyObject_New(OpFunction, op_function_type);
    function->vectorcall = vectorcall;
    function->op = &op;
    function->parameters = new std::vector<Parameter>(make_parameters(op));                 // NOLINT: kept
    function->defaults = op.attrs ? new Attrs(op.attrs->create(), op.attrs) : new Attrs();  // NOLINT: kept
    object = reinterpret_cast<PyObject*>(function);
  }
  return py::reinterpret_borrow<py::object>(object);
}

PyObject* reduce(PyObject* self, PyObject*) {
  return guarded<PyObject*>(nullptr, [&] {
    py::object restore = py::module_::import("miai._core").attr("op");
    return py::make_tuple(restore, py::make_tuple(op_of(self).name)).release().ptr();
  });
}
PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_op_function(py::module_& module) {
  PyType_Slot slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                         {Py_tp_getset, attributes},
                         {Py_tp_members, members},
                         {Py_tp_methods, methods},
                         {Py_tp_repr, reinterpret_cast<void*>(represent)},
                         {0, nullptr}};
  PyType_Spec spec{"miai._core.Operator", sizeof(OpFunction), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL, slots};
  op_function_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!op_function_type) throw py::error_already_set();
  module.attr("Operator") = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(op_function_type));
  module.def("op", op_function, py::arg("name"),
             "The operator of that name as a callable. Raises ValueError if unknown.");
  module.def(
      "op_names",
      [](bool only_public) {
        py::list names;
        for (const OpDef* op : OpTable::global().all())
          if (op->is_public || !only_public) names.append(op->name);
        return names;
      },
      py::arg("only_public") = true, "Names of all operators.");
}

}  // namespace miai::python
