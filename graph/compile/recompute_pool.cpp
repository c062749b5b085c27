#include "graph/compile/recompute_pool.h"

#include <algorithm>
#include <cmath>

namespace miai {

RecomputePool::RecomputePool(const RecomputeProblem& problem, double patience)
    : problem_(problem),
      patience_(patience),
      states_(problem.bytes.size()),
      visited_(problem.steps.size(), -1) {
  for (int64_t bytes : problem.bytes) small_ = std::max(small_, bytes / kSmallPart);
  for (size_t s = 0; s < problem.steps.size(); ++s) {
    const CostedStep& later = problem.later_run(static_cast<int>(s));
    for (int b : problem.steps[s].writes) at(b).maker = static_cast<int>(s);
    for (int b : later.writes) at(b).may_repeat = later.may_repeat;
    for (int b : problem.steps[s].reads) at(b).readers.push_back(static_cast<int>(s));
  }
}

void RecomputePool::add_candidate(int buffer) {
  State& s = at(buffer);
  if (!s.may_repeat || problem_.bytes[static_cast<size_t>(buffer)] <= small_) return;
  s.place = static_cast<int>(candidates_.size());
  s.is_stale = true;
  candidates_.push_back(buffer);
}

void RecomputePool::remove_candidate(int buffer) {
  int place = at(buffer).place;
  if (place < 0) return;
  at(candidates_.back()).place = place;
  candidates_[static_cast<size_t>(place)] = candidates_.back();
  candidates_.pop_back();
  at(buffer).place = -1;
}

void RecomputePool::count_wanted(int buffer, int change) {
  stack_.assign(1, buffer);
  while (!stack_.empty()) {
    int missing = stack_.back();
    stack_.pop_back();
    for (int source : repeat(missing).reads) {
      State& s = at(source);
      bool was_wanted = is_wanted(source);
      s.wanted_results += change;
      if (!s.is_there && was_wanted != is_wanted(source)) stack_.push_back(source);
    }
  }
}

void RecomputePool::put(int buffer) {
  State& s = at(buffer);
  if (s.was_made && is_wanted(buffer)) count_wanted(buffer, -1);
  s.was_made = s.is_there = true;
  bytes_there_ += problem_.bytes[static_cast<size_t>(buffer)];
  add_candidate(buffer);
  look_at_neighbours_again(buffer);
}

void RecomputePool::drop(int buffer) {
  remove_candidate(buffer);
  bytes_there_ -= problem_.bytes[static_cast<size_t>(buffer)];
  at(buffer).is_there = false;
  if (!is_wanted(buffer)) return;
  count_wanted(buffer, 1);
  look_at_neighbours_again(buffer);
}

void RecomputePool::unlock(int buffer) {
  if (--at(buffer).locks == 0 && !is_wanted(buffer) && !is_kept(buffer)) drop(buffer);
}

bool RecomputePool::give_up(int buffer) {
  State& s = at(buffer);
  if (s.locks != 1 || s.place < 0) return false;
  look_at(buffer);
  if (!s.can_go) return false;
  s.locks = 0;
  drop(buffer);
  return true;
}

void RecomputePool::pass_use(int buffer) {
  ++at(buffer).uses_over;
  at(buffer).is_stale = true;
}

template <class Missing, class There>
void RecomputePool::visit_sources(int buffer, Missing&& missing, There&& there) {
  size_t visits = 0;
  stack_.assign(1, buffer);
  while (!stack_.empty() && visits++ < kMostVisited) {
    int result = stack_.back();
    stack_.pop_back();
    for (int source : repeat(result).reads) {
      if (at(source).is_there) {
        there(source);
        continue;
      }
      int& visited = visited_[static_cast<size_t>(at(source).maker)];
      if (visited == visit_) continue;
      visited = visit_;
      missing(source);
      stack_.push_back(source);
    }
  }
}

template <class Missing, class There>
void RecomputePool::visit_results(int buffer, Missing&& missing, There&& there) {
  size_t visits = 0;
  stack_.assign(1, buffer);
  while (!stack_.empty() && visits++ < kMostVisited) {
    int from = stack_.back();
    stack_.pop_back();
    for (size_t i = 0; i < at(from).uses_over; ++i) {
      int reader = at(from).readers[i];
      for (int result : problem_.first_run(reader).writes) {
        if (at(result).is_there) there(result);
        if (at(result).is_there || !is_wanted(result)) continue;
        int& visited = visited_[static_cast<size_t>(reader)];
        missing(result, visited != visit_);
        if (visited == visit_) continue;
        visited = visit_;
        stack_.push_back(result);
      }
    }
  }
}

void RecomputePool::look_at(int buffer) {
  State& s = at(buffer);
  s.is_stale = false;
  s.can_go = true;
  s.cost = repeat(buffer).cost;
  s.needed = next_use(buffer);
  ++visit_;
  auto ignore = [](int) {};
  visit_sources(
      buffer,
      [&](int source) {
        s.cost += repeat(source).cost;
        s.can_go &= at(source).may_repeat;
      },
      ignore);
  visit_results(
      buffer,
      [&](int result, bool is_new) {
        s.needed = std::min(s.needed, next_use(result));
        if (is_new) s.cost += repeat(result).cost;
      },
      ignore);
}

void RecomputePool::look_at_neighbours_again(int buffer) {
  ++visit_;
  auto again = [&](int neighbour) { at(neighbour).is_stale = true; };
  visit_sources(buffer, [](int) {}, again);
  visit_results(buffer, [](int, bool) {}, again);
}

/// What dropping costs for the bytes and the time that it gives.
double RecomputePool::regret(int buffer) const {
  if (!is_wanted(buffer)) return -1;
  const State& s = at(buffer);
  if (!s.can_go) return std::numeric_limits<double>::infinity();
  double time = std::max(1, std::min(s.needed, static_cast<int>(problem_.steps.size())) - now_ + 1);
  double bytes = static_cast<double>(problem_.bytes[static_cast<size_t>(buffer)]);
  return s.cost / bytes / (patience_ == 0 ? 1 : patience_ == 1 ? time : std::pow(time, patience_));
}

bool RecomputePool::drop_one() {
  while (true) {
    int best = -1;
    double least = std::numeric_limits<double>::infinity();
    for (int buffer : candidates_) {
      if (at(buffer).locks > 0) continue;
      if (at(buffer).is_stale) look_at(buffer);
      double r = regret(buffer);
      if (r < least) best = buffer, least = r;
    }
    if (best < 0) return false;
    look_at(best);  // what was known of it may be older than changes far away
    if (regret(best) > least) continue;
    drop(best);
    return true;
  }
}

}  // namespace miai
