// The sample calls that every pointwise operator shares: sizes 0 and 1, odd, large, strided, broadcast, each
// dtype; and the wrong calls.
#pragma once
#include "graph/ops/tables.h"

namespace miai {

/// Floating calls of f(x), and 5 invalid ones. Values in [low, high).
SampleList& unary_samples(SampleTable& table, std::string_view op, double low, double high);
/// Floating calls of f(x, y), broadcast and mixed, and 5 invalid ones.
SampleList& binary_samples(SampleTable& table, std::string_view op, double low, double high);
/// Calls with each integer dtype.
void integer_samples(SampleList& list, int inputs, double low, double high);
void bool_samples(SampleList& list, int inputs);
/// Integer calls of f(x, y), and 5 invalid ones with floats among them.
SampleList& bitwise_samples(SampleTable& table, std::string_view op, bool with_bools);

}  // namespace miai
