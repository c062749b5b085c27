// How each C++ type of a field is read from and written to an AttrValue. Included by attrs.h.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

/// Raises TypeError: "argument 'stride': expected a pair of ints, got 'x'". The caller prefixes the operator.
[[noreturn]] void raise_attr_type(const FieldInfo& field, const AttrValue& value);

template <class T, AttrKind Kind>
struct PlainTraits {
  static constexpr AttrKind kind = Kind;
  static constexpr bool optional = false;
  static AttrValue to_value(const T& v) { return v; }
  static T from_value(const AttrValue& value, const FieldInfo& field) {
    if (const T* v = std::get_if<T>(&value)) return *v;
    raise_attr_type(field, value);
  }
};
template <>
struct AttrTraits<bool> : PlainTraits<bool, AttrKind::kBool> {
  static bool from_value(const AttrValue& value, const FieldInfo& field);  // also 0 and 1
};
template <>
struct AttrTraits<int64_t> : PlainTraits<int64_t, AttrKind::kInt> {
  static int64_t from_value(const AttrValue& value, const FieldInfo& field);  // also a static Dim
};
template <>
struct AttrTraits<double> : PlainTraits<double, AttrKind::kFloat> {
  static double from_value(const AttrValue& value, const FieldInfo& field);  // also an int
};
template <>
struct AttrTraits<std::string> : PlainTraits<std::string, AttrKind::kString> {};
template <>
struct AttrTraits<DType> : PlainTraits<DType, AttrKind::kDType> {
  static DType from_value(const AttrValue& value, const FieldInfo& field);  // also a name
};
template <>
struct AttrTraits<Device> : PlainTraits<Device, AttrKind::kDevice> {
  static Device from_value(const AttrValue& value, const FieldInfo& field);  // also a name
};
template <>
struct AttrTraits<Dim> : PlainTraits<Dim, AttrKind::kDim> {
  static AttrValue to_value(const Dim& dim);  // a static one as an int
  static Dim from_value(const AttrValue& value, const FieldInfo& field);
};
template <>
struct AttrTraits<Number> {
  static constexpr AttrKind kind = AttrKind::kNumber;
  static constexpr bool optional = false;
  static AttrValue to_value(const Number& number);
  static Number from_value(const AttrValue& value, const FieldInfo& field);  // a float, an int or a dim
};
template <>
struct AttrTraits<Ints> : PlainTraits<Ints, AttrKind::kInts> {
  static Ints from_value(const AttrValue& value, const FieldInfo& field);  // also one int, static dims
};
template <>
struct AttrTraits<Pair> {
  static constexpr AttrKind kind = AttrKind::kPair;
  static constexpr bool optional = false;
  static AttrValue to_value(const Pair& pair) { return Ints(pair.begin(), pair.end()); }
  static Pair from_value(const AttrValue& value, const FieldInfo& field);
};
template <>
struct AttrTraits<Dims> : PlainTraits<Dims, AttrKind::kDims> {
  static AttrValue to_value(const Dims& dims);  // static ones as ints
  static Dims from_value(const AttrValue& value, const FieldInfo& field);
};
template <class T>
struct AttrTraits<std::optional<T>> {
  static constexpr AttrKind kind = AttrTraits<T>::kind;
  static constexpr bool optional = true;
  static AttrValue to_value(const std::optional<T>& v) {
    return v ? AttrTraits<T>::to_value(*v) : AttrValue{};
  }
  static std::optional<T> from_value(const AttrValue& value, const FieldInfo& field) {
    if (std::holds_alternative<std::monostate>(value)) return std::nullopt;
    return AttrTraits<T>::from_value(value, field);
  }
};

namespace detail {

template <class Struct, class Member>
FieldInfo field_info(const Field<Struct, Member>& f) {
  using Traits = AttrTraits<Member>;
  static const Struct defaults{};
  FieldInfo info;
  info.name = f.name;
  info.doc = f.doc;
  info.kind = Traits::kind;
  info.optional = Traits::optional;
  info.offset = static_cast<size_t>(reinterpret_cast<const char*>(&(defaults.*f.member)) -
                                    reinterpret_cast<const char*>(&defaults));
  info.get = [](const void* attrs, const FieldInfo& field) {
    return Traits::to_value(*reinterpret_cast<const Member*>(static_cast<const char*>(attrs) + field.offset));
  };
  info.set = [](void* attrs, const AttrValue& value, const FieldInfo& field) {
    *reinterpret_cast<Member*>(static_cast<char*>(attrs) + field.offset) = Traits::from_value(value, field);
  };
  return info;
}

inline bool may_be_symbolic(AttrKind kind) {
  return kind == AttrKind::kDim || kind == AttrKind::kDims || kind == AttrKind::kNumber;
}

template <class T>
AttrsType build_attrs_type() {
  AttrsType type;
  std::apply([&](const auto&... f) { (type.fields.push_back(field_info(f)), ...); }, T::fields());
  type.create = [] { return std::shared_ptr<void>(std::make_shared<T>()); };
  type.clone = [](const void* from) {
    return std::shared_ptr<void>(std::make_shared<T>(*static_cast<const T*>(from)));
  };
  type.equal = [](const void* a, const void* b) {
    auto same = [&](const auto&... f) {
      return ((static_cast<const T*>(a)->*f.member == static_cast<const T*>(b)->*f.member) && ...);
    };
    return std::apply(same, T::fields());
  };
  type.hash = [](const void* attrs) {
    size_t seed = 0;
    for (const FieldInfo& f : attrs_type<T>().fields) seed = hash_combine(seed, hash_value(f.get(attrs, f)));
    return seed;
  };
  for (const FieldInfo& f : type.fields) type.has_dims |= may_be_symbolic(f.kind);
  return type;
}

}  // namespace detail

template <class T>
const AttrsType& attrs_type() {
  static const AttrsType type = detail::build_attrs_type<T>();
  return type;
}

}  // namespace miai
