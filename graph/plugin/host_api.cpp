// The table of the host's functions, and those that every callback may use.
#include <cstdarg>
#include <cstdio>

#include "graph/plugin/host_functions.h"
#include "graph/plugin/load.h"

namespace miai::plugin {
namespace {

miai_status fail(miai_context* c, miai_status status, const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (!c) c = loading_context();
  if (c) c->keep(kind_of(status), text);
  return status == MIAI_OK ? MIAI_RUNTIME_ERROR : status;
}

void* user(miai_context* c) { return c->op->callbacks.user; }

miai_host_api make_api() {
  miai_host_api api{};
  api.version = MIAI_PLUGIN_API_VERSION;
  api.size = sizeof api;
  api.register_operator = register_operator;
  api.fail = fail;
  api.user = user;
  fill_attribute_functions(api);
  fill_infer_functions(api);
  fill_dim_functions(api);
  fill_gradient_functions(api);
  fill_kernel_functions(api);
  return api;
}

}  // namespace

const miai_host_api& host_api() {
  static const miai_host_api api = make_api();
  return api;
}

ErrorKind kind_of(miai_status status) {
  static_assert(MIAI_VALUE_ERROR == 1 + static_cast<int>(ErrorKind::kValue) &&
                MIAI_OVERFLOW_ERROR ==
                    1 + static_cast<int>(ErrorKind::kOverflow));  // both lists in one order
  if (status <= MIAI_OK || status > MIAI_OVERFLOW_ERROR) return ErrorKind::kRuntime;
  return static_cast<ErrorKind>(status - 1);
}

size_t checked_index(const char* what, int32_t i, size_t count) {
  if (i < 0 || static_cast<size_t>(i) >= count)
    raise(ErrorKind::kIndex, what, " ", i, " does not exist: there are ", count);
  return static_cast<size_t>(i);
}

DType checked_dtype(miai_dtype dtype) {
  return static_cast<DType>(checked_index("dtype", static_cast<int32_t>(dtype), kDTypeCount));
}

}  // namespace miai::plugin
