#include "imperative/cell.h"

#include <mutex>

#include "imperative/dtr.h"
#include "imperative/recording.h"

namespace miai {
namespace {

std::mutex& weak_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

Cell::~Cell() {
  if (!weak_) return;
  std::lock_guard lock(weak_mutex());
  *weak_ = nullptr;
}

void Cell::write(ValuePtr value) {
  if (Recording* recording = Recording::current()) recording->on_write(*this, value);
  if (value && dtr_in_use() && value->ref.storage->is_resident())
    keep_resident(*value->ref.storage);  // states stay
  write_unrecorded(std::move(value));
}

WeakCell::WeakCell(Cell& cell) {
  std::lock_guard lock(weak_mutex());
  if (!cell.weak_) cell.weak_ = std::make_shared<Cell*>(&cell);
  slot_ = cell.weak_;
}

CellPtr WeakCell::lock() const {
  std::lock_guard lock(weak_mutex());
  Cell* cell = *slot_;
  return cell && cell->try_retain() ? CellPtr::adopt(cell) : nullptr;
}

}  // namespace miai
