// Attributes of the call, by name.
#include "graph/plugin/host_functions.h"

namespace miai::plugin {
namespace {

template <class T>
const T& value_of(const miai_context& c, const char* name, const char* kind) {
  if (!c.attrs) raise(ErrorKind::kRuntime, "attributes cannot be read in its ", c.what);
  const AttrValue& value = runtime_attr(*c.attrs, name);
  if (const T* found = std::get_if<T>(&value)) return *found;
  raise(ErrorKind::kType, "attribute '", name, "' is read as ", kind, " and is not one");
}

int32_t attribute_bool(miai_context* c, const char* name) {
  return kept(c, int32_t{0}, [&] { return int32_t{value_of<bool>(*c, name, "a bool")}; });
}
int64_t attribute_int(miai_context* c, const char* name) {
  return kept(c, int64_t{0}, [&] { return value_of<int64_t>(*c, name, "an int"); });
}
double attribute_float(miai_context* c, const char* name) {
  return kept(c, 0.0, [&] { return value_of<double>(*c, name, "a float"); });
}
const char* attribute_string(miai_context* c, const char* name) {
  return kept(c, "", [&] { return value_of<std::string>(*c, name, "a string").c_str(); });
}
const int64_t* attribute_ints(miai_context* c, const char* name, int32_t* count) {
  *count = 0;
  return kept(c, static_cast<const int64_t*>(nullptr), [&] {
    const Ints& ints = value_of<Ints>(*c, name, "ints");
    *count = static_cast<int32_t>(ints.size());
    return ints.data();
  });
}

}  // namespace

void fill_attribute_functions(miai_host_api& api) {
  api.attribute_bool = attribute_bool;
  api.attribute_int = attribute_int;
  api.attribute_float = attribute_float;
  api.attribute_string = attribute_string;
  api.attribute_ints = attribute_ints;
}

}  // namespace miai::plugin
