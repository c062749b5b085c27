// Generators: a cell with (seed, next ticket). Each random operator as written takes one ticket.
#pragma once
#include "graph/ops/op_def.h"
#include "imperative/cell.h"

namespace miai {

/// The default generator of a device, seeded from the system's entropy until `seed_generators` is called.
CellPtr default_generator(Device device);
void seed_generators(int64_t seed);
CellPtr make_generator(int64_t seed, Device device);

/// Applies a random operator: its input "state" is the generator's, which then moves on by one ticket.
Vars dispatch_random(const OpDef& op, const Attrs& attrs, std::vector<Var> inputs, Cell& generator);

}  // namespace miai
