#include "kernels/common/attrs/attr_traits.h"

#include <sstream>

namespace miai {

void raise_attr_type(const FieldInfo& field, const AttrValue& value) {
  raise(ErrorKind::kType, "argument '", field.name, "': expected ", attr_kind_name(field.kind),
        field.optional ? " or None" : "", ", got ", value);
}

bool AttrTraits<bool>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const int64_t* i = std::get_if<int64_t>(&value); i && (*i == 0 || *i == 1)) return *i == 1;
  return PlainTraits::from_value(value, field);
}

int64_t AttrTraits<int64_t>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const Dim* dim = std::get_if<Dim>(&value); dim && dim->is_static()) return dim->value();
  return PlainTraits::from_value(value, field);
}

double AttrTraits<double>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const int64_t* i = std::get_if<int64_t>(&value)) {
    constexpr int64_t kExact = int64_t{1} << 53;  // beyond it doubles leave integers out
    if (*i > kExact || *i < -kExact)
      if (__int128{*i} != static_cast<__int128>(static_cast<double>(*i)))
        raise(ErrorKind::kOverflow, "argument '", field.name,
              "': expected a number that a double holds exactly, got ", *i);
    return static_cast<double>(*i);
  }
  return PlainTraits::from_value(value, field);
}

DType AttrTraits<DType>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const std::string* name = std::get_if<std::string>(&value))
    if (std::optional<DType> dtype = dtype_from_name(*name)) return *dtype;
  return PlainTraits::from_value(value, field);
}

Device AttrTraits<Device>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const std::string* name = std::get_if<std::string>(&value)) return parse_device(*name);
  return PlainTraits::from_value(value, field);
}

namespace {

Dim dim_of(int64_t value, const FieldInfo& field) {
  if (Dim(value).value() != value)
    raise(ErrorKind::kOverflow, "argument '", field.name, "': a size does not fit 62 bits: ", value);
  return Dim(value);
}

}  // namespace

AttrValue AttrTraits<Dim>::to_value(const Dim& dim) {
  if (dim.is_static()) return dim.value();
  return dim;
}

Dim AttrTraits<Dim>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const int64_t* i = std::get_if<int64_t>(&value)) return dim_of(*i, field);
  return PlainTraits::from_value(value, field);
}

AttrValue AttrTraits<Number>::to_value(const Number& number) {
  if (number.is_size()) return number.size();
  return number.value();
}

Number AttrTraits<Number>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const Dim* dim = std::get_if<Dim>(&value)) return Number(*dim);
  return AttrTraits<double>::from_value(value, field);
}

Ints AttrTraits<Ints>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const int64_t* i = std::get_if<int64_t>(&value)) return {*i};
  if (const Dims* dims = std::get_if<Dims>(&value); dims && is_static(*dims)) {
    Ints ints;
    for (Dim d : *dims) ints.push_back(d.value());
    return ints;
  }
  return PlainTraits::from_value(value, field);
}

Pair AttrTraits<Pair>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const int64_t* i = std::get_if<int64_t>(&value)) return {*i, *i};
  if (const Ints* ints = std::get_if<Ints>(&value); ints && ints->size() == 2)
    return {(*ints)[0], (*ints)[1]};
  raise_attr_type(field, value);
}

AttrValue AttrTraits<Dims>::to_value(const Dims& dims) {
  if (!is_static(dims)) return dims;
  Ints ints;
  for (Dim d : dims) ints.push_back(d.value());
  return ints;
}

Dims AttrTraits<Dims>::from_value(const AttrValue& value, const FieldInfo& field) {
  if (const int64_t* i = std::get_if<int64_t>(&value)) return {dim_of(*i, field)};
  if (const Dim* dim = std::get_if<Dim>(&value)) return {*dim};
  if (const Ints* ints = std::get_if<Ints>(&value)) {
    Dims dims;
    for (int64_t i : *ints) dims.push_back(dim_of(i, field));
    return dims;
  }
  return PlainTraits::from_value(value, field);
}

}  // namespace miai
