// The tape of one GradManager: the operators applied to what depends on its attached tensors.
#pragma once
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/autodiff/backward.h"
#include "imperative/dtr.h"
#include "imperative/value.h"

namespace miai {

class Tape {
 public:
  Tape() = default;
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  void attach(const ValuePtr& value) { tracked_.insert(value->id); }
  bool tracks(uint64_t id) const { return tracked_.contains(id); }
  /// From now on operators of this thread are recorded, but for those in a no_grad that begins later.
  void start();
  void stop();
  bool is_active() const { return active_; }
  int no_grad_depth() const { return no_grad_depth_; }
  void clear();

  void record(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs, const Vars& outputs);
  /// Gradients of `targets` with seeds `out_grads`, with respect to `sources` (by id); empty where there is
  /// none. Stops the tape and frees what it saved as it goes.
  Vars backward(const Vars& targets, const Vars& out_grads, const std::vector<uint64_t>& sources);

 private:
  std::shared_ptr<const RecipeScope> recipes_;
  std::unordered_set<uint64_t> tracked_;
  std::vector<OpRecord> records_;
  bool active_ = false;
  int no_grad_depth_ = 0;  // of scopes that it does not heed: they were in force when it started
};

/// Tells the active tapes of this thread; a no-op when there is none.
void record_on_tapes(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs, const Vars& outputs);
bool any_tape_tracks(std::span<const Var> inputs);
bool any_tape_is_active();  // of this thread

/// While it lives, this thread's tapes record nothing: no_grad.
class NoGradScope {
 public:
  NoGradScope();
  ~NoGradScope();
  NoGradScope(const NoGradScope&) = delete;
  NoGradScope& operator=(const NoGradScope&) = delete;
};

}  // namespace miai
