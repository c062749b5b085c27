// Eager execution: infer, choose a kernel (both from a cache keyed by the call's signature), allocate, run;
// then the tapes and the recording in force are told.
#pragma once
#include "graph/ops/tables.h"
#include "imperative/value.h"

namespace miai {

/// Applies an operator at once. Absent inputs are empty. Gives all outputs, auxiliary ones included.
Vars dispatch(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs);
/// The same, seen by neither tape nor recording.
Vars dispatch_unrecorded(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs);

/// The emitter that dispatches eagerly: the one that gradients and lowerings use outside of a graph.
Emitter& eager_emitter();

/// Where the user's program stands, for errors and recordings: set by the bindings, "" without them.
using UserLineFn = std::string (*)();
void set_user_line_source(UserLineFn source);
std::string current_user_line();

/// Which kernel this call runs and which refused it, in words.
std::string explain_call(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs);

}  // namespace miai
