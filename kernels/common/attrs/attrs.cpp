#include "kernels/common/attrs/attrs.h"

#include <charconv>
#include <cmath>

namespace miai {

std::string_view attr_kind_name(AttrKind kind) {
  constexpr std::array<std::string_view, 11> names{"a bool",         "an int",   "a float", "a string",
                                                   "a dtype",        "a device", "a dim",   "ints",
                                                   "a pair of ints", "a shape",  "a number"};
  return names[static_cast<size_t>(kind)];
}

const FieldInfo* AttrsType::find(std::string_view name) const {
  for (const FieldInfo& f : fields)
    if (f.name == name) return &f;
  return nullptr;
}

AttrValue Attrs::get(std::string_view name) const {
  const FieldInfo* f = type_ ? type_->find(name) : nullptr;
  if (!f) raise(ErrorKind::kType, "no attribute named '", name, "'");
  return f->get(data_.get(), *f);
}

namespace {

template <class Range>
void print_list(std::ostream& out, const Range& items) {
  out << '[';
  bool first = true;
  for (const auto& item : items) {
    out << (first ? "" : ", ") << item;
    first = false;
  }
  out << ']';
}

struct Printer {
  std::ostream& out;
  void operator()(std::monostate) const { out << "None"; }
  void operator()(bool v) const { out << (v ? "True" : "False"); }
  void operator()(int64_t v) const { out << v; }
  void operator()(double v) const {
    std::array<char, 32> digits;  // the fewest that read back as v
    std::string s(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), v).ptr);
    if (std::isfinite(v) && s.find_first_of(".e") == std::string::npos) s += ".0";
    out << s;
  }
  void operator()(const std::string& v) const {
    out << '\'';
    for (char c : v) {
      if (c == '\n') {
        out << "\\n";
      } else {
        out << (c == '\'' || c == '\\' ? "\\" : "") << c;
      }
    }
    out << '\'';
  }
  void operator()(DType v) const { out << v; }
  void operator()(Device v) const { out << device_name(v); }
  void operator()(Dim v) const { out << v; }
  void operator()(const Ints& v) const { print_list(out, v); }
  void operator()(const Dims& v) const { print_list(out, v); }
};

struct Hasher {
  size_t operator()(std::monostate) const { return 0x51ed; }
  size_t operator()(Device v) const {
    return static_cast<size_t>(v.kind) * 4099 + static_cast<size_t>(v.index);
  }
  size_t operator()(DType v) const { return static_cast<size_t>(v); }
  size_t operator()(Dim v) const { return std::hash<uint64_t>{}(v.word()); }
  size_t operator()(const Ints& v) const {
    size_t seed = v.size();
    for (int64_t i : v) seed = hash_combine(seed, std::hash<int64_t>{}(i));
    return seed;
  }
  size_t operator()(const Dims& v) const {
    size_t seed = static_cast<size_t>(v.size());
    for (Dim d : v) seed = hash_combine(seed, std::hash<uint64_t>{}(d.word()));
    return seed;
  }
  template <class T>
  size_t operator()(const T& v) const {
    return std::hash<T>{}(v);
  }
};

}  // namespace

std::ostream& operator<<(std::ostream& out, const AttrValue& value) {
  std::visit(Printer{out}, value);
  return out;
}
size_t hash_value(const AttrValue& value) { return hash_combine(value.index(), std::visit(Hasher{}, value)); }

void print_attrs(std::ostream& out, const Attrs& attrs, std::string_view without) {
  if (attrs.empty()) return;
  std::shared_ptr<void> defaults = attrs.type()->create();
  bool first = true;
  for (const FieldInfo& f : attrs.type()->fields) {
    AttrValue value = f.get(attrs.data(), f);
    if (f.name == without || value == f.get(defaults.get(), f)) continue;
    out << (first ? "" : ", ") << f.name << '=' << value;
    first = false;
  }
}
std::ostream& operator<<(std::ostream& out, const Attrs& attrs) {
  print_attrs(out, attrs, {});
  return out;
}

Attrs parse_attrs(std::string_view op, const AttrsType& type,
                  const std::vector<std::pair<std::string, AttrValue>>& values) {
  std::shared_ptr<void> data = type.create();
  for (const auto& [name, value] : values) {
    const FieldInfo* f = type.find(name);
    if (!f) raise(ErrorKind::kType, op, ": unknown argument '", name, "'");
    try {
      f->set(data.get(), value, *f);
    } catch (const Error& error) {
      raise(error.kind(), op, ": ", error.what());
    }
  }
  return Attrs(std::move(data), &type);
}

Attrs map_dims(const Attrs& attrs, const std::function<Dim(Dim)>& map) {
  if (!is_symbolic(attrs)) return attrs;
  std::shared_ptr<void> data = attrs.type()->clone(attrs.data());
  for (const FieldInfo& f : attrs.type()->fields) {
    AttrValue value = f.get(data.get(), f);
    if (Dim* dim = std::get_if<Dim>(&value)) {
      f.set(data.get(), map(*dim), f);
    } else if (Dims* dims = std::get_if<Dims>(&value)) {
      for (Dim& d : *dims) d = map(d);
      f.set(data.get(), value, f);
    }
  }
  return Attrs(std::move(data), attrs.type());
}

bool is_symbolic(const Attrs& attrs) {
  if (attrs.empty() || !attrs.type()->has_dims) return false;
  for (const FieldInfo& f : attrs.type()->fields) {
    if (!detail::may_be_symbolic(f.kind)) continue;
    AttrValue value = f.get(attrs.data(), f);
    if (std::holds_alternative<Dim>(value)) return true;  // static ones read as ints
    if (std::holds_alternative<Dims>(value)) return true;
  }
  return false;
}

}  // namespace miai
