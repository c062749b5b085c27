// An operator's attributes: a plain struct whose fields are listed once. Parsing, printing, hashing, equality
// and serialization follow from the list.
//
//   struct ClipAttrs {
//     double lower = 0, upper = 1;
//     static auto fields() {
//       return std::tuple{field("lower", &ClipAttrs::lower, "least value"), field("upper", &ClipAttrs::upper,
//       "...")};
//     }
//   };
//   Attrs attrs = make_attrs(ClipAttrs{.upper = 6});
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/common/device.h"
#include "kernels/common/dim.h"
#include "kernels/common/dtype.h"

namespace miai {

using Ints = std::vector<int64_t>;
using Pair = std::array<int64_t, 2>;  // height, width; one integer is taken for both

/// A number that may be a symbolic size, as the bounds of arange(x.shape[0]).
class Number {
 public:
  Number(double value = 0) : value_(value) {}  // NOLINT: a number is one
  explicit Number(Dim size) : size_(size), is_size_(!size.is_static()) {
    if (!is_size_) value_ = static_cast<double>(size.value());
  }
  bool is_size() const { return is_size_; }
  Dim size() const { return size_; }
  double value() const { return is_size_ ? static_cast<double>(size_.value()) : value_; }
  friend bool operator==(const Number& a, const Number& b) {
    return a.is_size_ == b.is_size_ && (a.is_size_ ? a.size_ == b.size_ : a.value_ == b.value_);
  }

 private:
  double value_ = 0;
  Dim size_;  // if is_size_: symbolic
  bool is_size_ = false;
};

/// A field's value in the one form that Python, JSON and the printer exchange. monostate: an optional not
/// given.
using AttrValue =
    std::variant<std::monostate, bool, int64_t, double, std::string, DType, Device, Dim, Ints, Dims>;

/// What a field accepts; the type stubs and error messages name it.
enum class AttrKind { kBool, kInt, kFloat, kString, kDType, kDevice, kDim, kInts, kPair, kDims, kNumber };
std::string_view attr_kind_name(AttrKind kind);  // "int", "pair of ints", ...

struct FieldInfo {
  std::string_view name, doc;
  AttrKind kind;
  bool optional;  // may be None
  AttrValue (*get)(const void* attrs, const FieldInfo&);
  void (*set)(void* attrs, const AttrValue&, const FieldInfo&);  // raises TypeError naming the field
  size_t offset;  // of the member, within the struct (attributes made at run time: its place in the list)
};

/// The type of an attrs struct, erased.
struct AttrsType {
  std::vector<FieldInfo> fields;
  std::function<std::shared_ptr<void>()> create;  // with the defaults
  std::function<std::shared_ptr<void>(const void*)> clone;
  std::function<bool(const void*, const void*)> equal;
  std::function<size_t(const void*)> hash;
  bool has_dims = false;  // some field may be symbolic

  const FieldInfo* find(std::string_view name) const;
};

/// Attributes of any operator: shared and immutable. An empty one belongs to operators without attributes.
class Attrs {
 public:
  Attrs() = default;
  Attrs(std::shared_ptr<const void> data, const AttrsType* type)
      : data_(std::move(data)), type_(type), hash_(type->hash(data_.get())) {}

  template <class T>
  const T& as() const {
    return *static_cast<const T*>(data_.get());
  }
  const AttrsType* type() const { return type_; }  // nullptr if there are none
  const void* data() const { return data_.get(); }
  size_t hash() const { return hash_; }
  bool empty() const { return !type_; }
  AttrValue get(std::string_view field) const;
  friend bool operator==(const Attrs& a, const Attrs& b) {
    return a.data_ == b.data_ || (a.type_ == b.type_ && a.type_ && a.hash_ == b.hash_ &&
                                  a.type_->equal(a.data_.get(), b.data_.get()));
  }

 private:
  std::shared_ptr<const void> data_;
  const AttrsType* type_ = nullptr;
  size_t hash_ = 0;
};

/// Prints "stride=[1, 1], padding=[0, 0]"; fields that hold their default are left out, and the one named.
void print_attrs(std::ostream& out, const Attrs& attrs, std::string_view without);
std::ostream& operator<<(std::ostream& out, const Attrs& attrs);
std::ostream& operator<<(std::ostream& out, const AttrValue& value);
size_t hash_value(const AttrValue& value);
inline size_t hash_combine(size_t seed, size_t value) {
  return seed ^ (value + 0x9e3779b97f4a7c15ull + (seed << 6) + (seed >> 2));
}

/// Attributes of `type` from names and values; raises TypeError with "op: ..." for unknown names and wrong
/// values.
Attrs parse_attrs(std::string_view op, const AttrsType& type,
                  const std::vector<std::pair<std::string, AttrValue>>& values);
/// Each symbolic dim replaced by what `map` gives; the same attrs if nothing is symbolic.
Attrs map_dims(const Attrs& attrs, const std::function<Dim(Dim)>& map);
/// Whether a field holds a symbolic dim.
bool is_symbolic(const Attrs& attrs);

// ---- how a struct's list becomes an AttrsType ----

template <class Struct, class Member>
struct Field {
  std::string_view name;
  Member Struct::* member;
  std::string_view doc;
};
template <class Struct, class Member>
constexpr Field<Struct, Member> field(std::string_view name, Member Struct::* member, std::string_view doc) {
  return {name, member, doc};
}

template <class T>
struct AttrTraits;  // kind, and conversion from and to AttrValue: attr_traits.h

template <class T>
const AttrsType& attrs_type();
template <class T>
Attrs make_attrs(T value) {
  return Attrs(std::make_shared<const T>(std::move(value)), &attrs_type<T>());
}

}  // namespace miai

#include "kernels/common/attrs/attr_traits.h"
