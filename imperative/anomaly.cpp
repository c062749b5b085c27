#include "imperative/anomaly.h"

#include <cstring>
#include <sstream>
#include <utility>
#include <vector>

#include "graph/ops/tables.h"
#include "imperative/dispatch.h"
#include "imperative/value.h"

namespace miai {
namespace {

thread_local Anomalies g_anomalies = Anomalies::kNone;

/// Nothing is looked for while the values at hand are copied to the host.
class SearchPause {
 public:
  SearchPause() : before_(set_anomaly_detection(Anomalies::kNone)) {}
  ~SearchPause() { set_anomaly_detection(before_); }
  SearchPause(const SearchPause&) = delete;
  SearchPause& operator=(const SearchPause&) = delete;

 private:
  Anomalies before_;
};

struct BadValues {
  int64_t nan = 0, infinite = 0;
  bool any() const { return nan + infinite > 0; }
};

/// `exponent`: the bits that are all set in infinities and NaNs alone.
template <class Word>
BadValues count_bad(const char* data, int64_t count, Word exponent) {
  BadValues bad;
  Word mantissa = static_cast<Word>(static_cast<Word>(~exponent) & (static_cast<Word>(~Word{0}) >> 1));
  for (int64_t i = 0; i < count; ++i) {
    Word word;
    std::memcpy(&word, data + i * static_cast<int64_t>(sizeof(Word)), sizeof(Word));
    if ((word & exponent) != exponent) continue;
    ++((word & mantissa) ? bad.nan : bad.infinite);
  }
  return bad;
}

BadValues bad_values(const TensorRef& tensor, Anomalies wanted) {
  if (!tensor || !is_float(tensor.meta.dtype)) return {};
  std::vector<char> data(byte_size(tensor.meta));
  copy_to_host(*make_intrusive<EagerValue>(tensor), data.data());
  int64_t count = element_count(tensor.meta.shape);
  BadValues bad;
  switch (tensor.meta.dtype) {
    case DType::kFloat64:
      bad = count_bad<uint64_t>(data.data(), count, 0x7ff0000000000000u);
      break;
    case DType::kFloat16:
      bad = count_bad<uint16_t>(data.data(), count, 0x7c00u);
      break;
    case DType::kBFloat16:
      bad = count_bad<uint16_t>(data.data(), count, 0x7f80u);
      break;
    default:
      bad = count_bad<uint32_t>(data.data(), count, 0x7f800000u);
  }
  if (wanted == Anomalies::kNan) bad.infinite = 0;
  return bad;
}

std::ostream& operator<<(std::ostream& out, const BadValues& bad) {
  if (bad.nan) out << bad.nan << " NaN";
  if (bad.nan && bad.infinite) out << " and ";
  if (bad.infinite) out << bad.infinite << (bad.infinite == 1 ? " infinity" : " infinities");
  return out;
}

template <class Def>
std::string name_at(const std::vector<Def>& defs, size_t i) {
  if (defs.empty()) return std::to_string(i);
  return i < defs.size() ? defs[i].name : defs.back().name + "[" + std::to_string(i + 1 - defs.size()) + "]";
}

void check(const OpDef& op, const std::string& line, std::span<const TensorRef> inputs,
           std::span<const TensorRef> outputs) {
  Anomalies wanted = anomaly_detection();
  SearchPause pause;
  for (size_t i = 0; i < outputs.size(); ++i) {
    BadValues bad = bad_values(outputs[i], wanted);
    if (!bad.any()) continue;
    std::ostringstream text;
    text << op.name;
    if (!line.empty()) text << " (" << line << ")";
    text << ": output '" << name_at(op.outputs, i) << "' of shape " << outputs[i].meta.shape << " holds "
         << bad;
    for (size_t k = 0; k < inputs.size(); ++k)
      if (BadValues before = bad_values(inputs[k], wanted); before.any())
        text << "; input '" << name_at(op.inputs, k) << "' already held " << before;
    throw AnomalyError(text.str());
  }
}

std::vector<TensorRef> refs_of(std::span<const Var> vars) {
  std::vector<TensorRef> refs;
  for (const Var& var : vars) refs.push_back(var ? eager(var).ref : TensorRef{});
  return refs;
}

}  // namespace

Anomalies anomaly_detection() { return g_anomalies; }
Anomalies set_anomaly_detection(Anomalies what) { return std::exchange(g_anomalies, what); }

void check_anomalies(const OpDef& op, std::span<const Var> inputs, const Vars& outputs) {
  check(op, current_user_line(), refs_of(inputs), refs_of(outputs));
}

void AnomalyObserver::after(const Instruction& instruction, std::span<const TensorRef> inputs,
                            std::span<const TensorRef> outputs) {
  check(find_op(instruction.op), instruction.line, inputs, outputs);
}

}  // namespace miai
