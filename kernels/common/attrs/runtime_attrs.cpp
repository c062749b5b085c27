#include "kernels/common/attrs/runtime_attrs.h"

#include "kernels/common/error.h"

namespace miai {
namespace {

using Values = std::vector<AttrValue>;

const Values& values_of(const void* attrs) { return *static_cast<const Values*>(attrs); }

template <class T>
AttrValue converted(const AttrValue& value, const FieldInfo& field) {
  return AttrTraits<T>::to_value(AttrTraits<T>::from_value(value, field));
}

constexpr std::array<AttrValue (*)(const AttrValue&, const FieldInfo&), 10> kConverted{
    converted<bool>,   converted<int64_t>, converted<double>, converted<std::string>, converted<DType>,
    converted<Device>, converted<Dim>,     converted<Ints>,   converted<Pair>,        converted<Dims>};

AttrValue get(const void* attrs, const FieldInfo& field) { return values_of(attrs)[field.offset]; }

void set(void* attrs, const AttrValue& value, const FieldInfo& field) {
  (*static_cast<Values*>(attrs))[field.offset] = kConverted[static_cast<size_t>(field.kind)](value, field);
}

/// The fields' texts, which FieldInfo refers to, and the type over them.
struct Held {
  std::vector<RuntimeField> fields;
  AttrsType type;
};

size_t hash_values(const void* attrs) {
  size_t seed = 0;
  for (const AttrValue& value : values_of(attrs)) seed = hash_combine(seed, hash_value(value));
  return seed;
}

}  // namespace

std::shared_ptr<const AttrsType> runtime_attrs_type(std::vector<RuntimeField> fields) {
  auto held = std::make_shared<Held>();
  held->fields = std::move(fields);
  auto defaults = std::make_shared<Values>(held->fields.size());
  AttrsType& type = held->type;
  for (size_t i = 0; i < held->fields.size(); ++i) {
    const RuntimeField& from = held->fields[i];
    type.fields.push_back({from.name, from.doc, from.kind, false, get, set, i});
    set(defaults.get(), from.initial, type.fields.back());
    type.has_dims |= detail::may_be_symbolic(from.kind);
  }
  type.create = [defaults] { return std::make_shared<Values>(*defaults); };
  type.clone = [](const void* from) { return std::make_shared<Values>(values_of(from)); };
  type.equal = [](const void* a, const void* b) { return values_of(a) == values_of(b); };
  type.hash = hash_values;
  return {held, &type};
}

const AttrValue& runtime_attr(const Attrs& attrs, std::string_view name) {
  const FieldInfo* field = attrs.type() ? attrs.type()->find(name) : nullptr;
  if (!field) raise(ErrorKind::kType, "no attribute named '", name, "'");
  return values_of(attrs.data())[field->offset];
}

}  // namespace miai
