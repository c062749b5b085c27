// A call for the C++ type of a floating dtype.
#pragma once
#include <type_traits>

#include "kernels/common/dtype.h"

namespace miai {

/// Calls `f.template operator()<T>()` for a floating dtype.
template <class F>
void visit_float(DType dtype, F&& f) {
  visit_dtype(dtype, [&]<class T>() {
    if constexpr (!std::is_integral_v<T>) f.template operator()<T>();
  });
}

}  // namespace miai
