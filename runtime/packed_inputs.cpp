#include "runtime/packed_inputs.h"

#include "runtime/backend.h"
#include "runtime/launch.h"
#include "runtime/mapped_pages.h"
#include "runtime/plan.h"

namespace miai {
namespace {

StateSlot source_of(const PackedInput& input, std::span<const StateSlot> states,
                    std::span<const TensorRef> constants) {
  auto index = static_cast<size_t>(input.source);
  return input.is_constant ? StateSlot{constants[index]} : states[index];
}

IntrusivePtr<Storage> pack(const PackedInput& input, const TensorRef& source) {
  default_stream(input.device).synchronize();  // the source may still be on its way
  rethrow_error(*source.storage);
  IntrusivePtr<Storage> packed = Storage::allocate(input.device, input.bytes);
  TensorView view{input.meta, static_cast<char*>(source.data()) + input.offset};
  input.kernel->pack(input.state.get(), view, packed->data());
  drop_pages(view.data, byte_size(view));
  return packed;
}

}  // namespace

int64_t PackedInputs::bytes() const {
  int64_t sum = 0;
  for (const PackedInput& input : list) sum += static_cast<int64_t>(input.bytes);
  return sum;
}

bool PackedInputs::fits(const PackedValues* values, std::span<const StateSlot> states,
                        std::span<const TensorRef> constants) const {
  if (!values) return false;
  for (size_t i = 0; i < list.size(); ++i) {
    const PackedValues::Source& then = values->from[i];
    StateSlot now = source_of(list[i], states, constants);
    if (now.serial != then.serial) return false;
    if (!now.serial &&
        (now.value.storage != then.state.storage || now.value.byte_offset != then.state.byte_offset))
      return false;
  }
  return true;
}

std::shared_ptr<const PackedValues> PackedInputs::get(const std::shared_ptr<const PackedValues>& last,
                                                      std::span<const StateSlot> states,
                                                      std::span<const TensorRef> constants) {
  if (fits(last.get(), states, constants)) return last;
  std::lock_guard lock(mutex_);
  if (auto latest = latest_.lock(); fits(latest.get(), states, constants)) return latest;
  auto fresh = std::make_shared<PackedValues>();
  for (const PackedInput& input : list) {
    StateSlot source = source_of(input, states, constants);
    fresh->values.push_back(pack(input, source.value));
    fresh->from.push_back({source.serial ? TensorRef{} : source.value, source.serial});
  }
  latest_ = fresh;
  return fresh;
}

}  // namespace miai
