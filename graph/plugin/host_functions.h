// The host's functions by family. Each fills its part of the table that callbacks are given.
#pragma once
#include "graph/plugin/context.h"

namespace miai::plugin {

void fill_attribute_functions(miai_host_api& api);
void fill_infer_functions(miai_host_api& api);
void fill_dim_functions(miai_host_api& api);
void fill_gradient_functions(miai_host_api& api);
void fill_kernel_functions(miai_host_api& api);

/// Runs `body`; a failure is kept in the context, and `failure` given. Nothing of ours may throw into a
/// plugin.
template <class Result, class Body>
Result kept(miai_context* c, Result failure, Body&& body) noexcept {
  try {
    if (!c->error) return body();
  } catch (const Error& error) {
    c->keep(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    c->keep(ErrorKind::kMemory, "out of host memory");
  } catch (const std::exception& error) {
    c->keep(ErrorKind::kRuntime, error.what());
  }
  return failure;
}

inline miai_dim to_c(Dim dim) { return {dim.word()}; }
inline Dim from_c(miai_dim dim) {
  if (dim.word & 1u) return Dim::symbolic(static_cast<uint32_t>(dim.word >> 1));
  return static_cast<int64_t>(dim.word) >> 1;
}

/// The type of an input that is there. Raises for another one, and outside of infer and gradient.
const TensorType& input_type(const miai_context& c, int32_t input);
Dim dim_of(const TensorType& type, int32_t axis);
DType checked_dtype(miai_dtype dtype);
/// Raises IndexError unless 0 <= i < count.
size_t checked_index(const char* what, int32_t i, size_t count);

}  // namespace miai::plugin
