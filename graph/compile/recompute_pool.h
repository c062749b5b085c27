// The values of a step that is played through in little memory: which are there, which were dropped and will
// be wanted again, and what dropping one would cost.
#pragma once
#include <limits>
#include <vector>

#include "graph/compile/recompute.h"

namespace miai {

class RecomputePool {
 public:
  RecomputePool(const RecomputeProblem& problem, double patience);

  bool is_there(int buffer) const { return at(buffer).is_there; }
  int maker(int buffer) const { return at(buffer).maker; }
  /// Whether a later run of its maker gives it again.
  bool may_repeat(int buffer) const { return at(buffer).may_repeat; }
  int64_t bytes_there() const { return bytes_there_; }
  /// Read by a step that runs as first written, or needed to compute what is.
  bool is_wanted(int buffer) const { return next_use(buffer) != kNever || at(buffer).wanted_results > 0; }
  /// Whether this run of a step, which has one result, is the last to want the buffer.
  bool is_dying(int buffer, int reader, bool is_first) const {
    const State& s = at(buffer);
    if (is_first)
      return s.uses_over + 1 == s.readers.size() && s.readers.back() == reader && !s.wanted_results;
    return next_use(buffer) == kNever && s.wanted_results <= 1;
  }

  void lock(int buffer) { ++at(buffer).locks; }
  int locks(int buffer) const { return at(buffer).locks; }
  /// Drops it if nobody wants it.
  void unlock(int buffer);
  /// Drops a value that is locked once; false: it cannot go.
  bool give_up(int buffer);
  /// Step `step` comes next, in the order as first written.
  void start(int step) { now_ = step; }
  /// The use of a buffer by the step that came next is over; it is locked still.
  void pass_use(int buffer);
  /// A buffer has been computed, for the first time or again.
  void put(int buffer);
  /// Drops the value that is missed least; false: none can go.
  bool drop_one();

 private:
  static constexpr int kNever = std::numeric_limits<int>::max();
  /// Values smaller than this part of the largest are not worth a search.
  static constexpr int64_t kSmallPart = 1024;
  static constexpr size_t kMostVisited = 4000;

  struct State {
    int maker = -1;
    bool may_repeat = false;
    std::vector<int> readers;  // steps
    size_t uses_over = 0;      // readers that have run
    bool was_made = false, is_there = false;
    int locks = 0;
    int wanted_results = 0;  // missing buffers, wanted themselves, that are computed from this one
    int place = -1;          // in candidates_
    // What was found when last looked at.
    bool is_stale = true, can_go = false;
    double cost = 0;  // to compute it and what is missing around it
    int needed = 0;   // the step that will want it
  };

  State& at(int buffer) { return states_[static_cast<size_t>(buffer)]; }
  const State& at(int buffer) const { return states_[static_cast<size_t>(buffer)]; }
  /// What computes the buffer again.
  const CostedStep& repeat(int buffer) const { return problem_.later_run(at(buffer).maker); }
  /// What others may be computed from again that it cannot: statistics of a batch, for few bytes.
  bool is_kept(int buffer) const {
    return !at(buffer).may_repeat && problem_.bytes[static_cast<size_t>(buffer)] <= small_;
  }
  int next_use(int buffer) const {
    const State& s = at(buffer);
    return s.uses_over < s.readers.size() ? s.readers[s.uses_over] : kNever;
  }

  void drop(int buffer);
  void add_candidate(int buffer);
  void remove_candidate(int buffer);
  /// A missing, wanted buffer needs what it is computed from: one more (or less) reason for each of these.
  void count_wanted(int buffer, int change);
  void look_at(int buffer);
  void look_at_neighbours_again(int buffer);
  double regret(int buffer) const;
  /// Visits missing steps around a buffer: those that it is computed from, and those that need it.
  template <class Missing, class There>
  void visit_sources(int buffer, Missing&& missing, There&& there);
  template <class Missing, class There>
  void visit_results(int buffer, Missing&& missing, There&& there);

  const RecomputeProblem& problem_;
  double patience_;
  int64_t small_ = 0;
  int now_ = 0;
  int64_t bytes_there_ = 0;
  std::vector<State> states_;
  std::vector<int> candidates_;
  std::vector<int> stack_;
  std::vector<int> visited_;  // by step: the visit that saw it last
  int visit_ = 0;
};

}  // namespace miai
