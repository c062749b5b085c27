// The slots of the Tensor type that call operators: arithmetic, comparison, indexing, conversion to numbers.
#pragma once
#include <Python.h>

#include <vector>

namespace miai::python {

void add_number_slots(std::vector<PyType_Slot>& slots);

}  // namespace miai::python
