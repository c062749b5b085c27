// What a schedule needs and costs, and runs that it can do without.
#include <algorithm>
#include <numeric>

#include "graph/compile/recompute.h"

namespace miai {
namespace {

/// A buffer as one run writes it.
struct Version {
  int64_t bytes = 0;
  int first = 0, last = 0;  // runs
  int memory = 0;           // the version whose memory it lies in; itself, unless it took over a dying one's
  int before = -1;          // what stood for the buffer until then
  bool is_current = false;  // later runs read it
};

/// The versions of all buffers of a schedule, and who reads them.
class Versions {
 public:
  Versions(const RecomputeProblem& problem, const Schedule& schedule)
      : problem_(problem),
        schedule_(schedule),
        current_(problem.bytes.size(), -1),
        reads_(schedule.size()),
        writes_(schedule.size()) {
    for (size_t r = 0; r < schedule.size(); ++r) add_run(static_cast<int>(r));
    for (size_t r = 0; r < schedule.size(); ++r) take_over(static_cast<int>(r));
  }

  const Version& operator[](int version) const { return versions_[static_cast<size_t>(version)]; }
  const std::vector<int>& read_by(size_t run) const { return reads_[run]; }
  const std::vector<int>& written_by(size_t run) const { return writes_[run]; }
  /// Whether the memory holds something else once `version` has been read for the last time.
  bool is_taken_over(int version) const { return taken_[static_cast<size_t>(version)]; }

  /// Bytes that live during each run.
  std::vector<int64_t> live() const {
    std::vector<int64_t> bytes(schedule_.size() + 1);
    for (size_t v = 0; v < versions_.size(); ++v) {
      if (versions_[v].memory != static_cast<int>(v)) continue;
      bytes[static_cast<size_t>(versions_[v].first)] += versions_[v].bytes;
      bytes[static_cast<size_t>(versions_[v].last) + 1] -= versions_[v].bytes;
    }
    std::partial_sum(bytes.begin(), bytes.end(), bytes.begin());
    bytes.pop_back();
    for (size_t r = 0; r < bytes.size(); ++r) bytes[r] += step_of(r).workspace;
    return bytes;
  }

 private:
  const CostedStep& step_of(size_t run) const { return schedule_[run].of(problem_); }
  Version& at(int version) { return versions_[static_cast<size_t>(version)]; }

  void add_run(int r) {
    const Run& run = schedule_[static_cast<size_t>(r)];
    for (int b : step_of(static_cast<size_t>(r)).reads) {
      int version = current_[static_cast<size_t>(b)];
      at(version).last = r;
      reads_[static_cast<size_t>(r)].push_back(version);
    }
    for (int b : step_of(static_cast<size_t>(r)).writes) {
      int& current = current_[static_cast<size_t>(b)];
      auto version = static_cast<int>(versions_.size());
      bool taken = run.is_first || std::find(run.again.begin(), run.again.end(), b) != run.again.end();
      versions_.push_back({problem_.bytes[static_cast<size_t>(b)], r, r, version, current, taken});
      taken_.push_back(false);
      writes_[static_cast<size_t>(r)].push_back(version);
      if (taken) current = version;
    }
  }

  /// The result of a run may lie where an input lay that nobody reads any more.
  void take_over(int r) {
    const CostedStep& step = step_of(static_cast<size_t>(r));
    if (step.may_take.empty()) return;
    int output = writes_[static_cast<size_t>(r)][0];
    for (size_t i = 0; i < step.reads.size(); ++i) {
      if (std::find(step.may_take.begin(), step.may_take.end(), step.reads[i]) == step.may_take.end())
        continue;
      int input = reads_[static_cast<size_t>(r)][i];
      Version& memory = at(at(input).memory);
      if (memory.last != r || memory.bytes != at(output).bytes) continue;
      at(output).memory = at(input).memory;
      memory.last = at(output).last;
      taken_[static_cast<size_t>(input)] = true;
      return;
    }
  }

  const RecomputeProblem& problem_;
  const Schedule& schedule_;
  std::vector<Version> versions_;
  std::vector<bool> taken_;
  std::vector<int> current_;                      // of each buffer
  std::vector<std::vector<int>> reads_, writes_;  // of each run
};

/// A later run that might be saved by keeping what it computes again.
struct Saving {
  size_t run = 0;
  double worth = 0;  // seconds a byte
};

std::vector<Saving> savings(const RecomputeProblem& problem, const Schedule& schedule) {
  std::vector<Saving> list;
  for (size_t r = 0; r < schedule.size(); ++r) {
    if (schedule[r].is_first) continue;
    int64_t bytes = 1;
    for (int b : schedule[r].again) bytes += problem.bytes[static_cast<size_t>(b)];
    double cost = schedule[r].of(problem).cost;
    list.push_back({r, cost / static_cast<double>(bytes)});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const Saving& a, const Saving& b) { return a.worth > b.worth; });
  return list;
}

/// Keeps what a run computes again alive until then, if the limit allows it everywhere between.
bool keep(const Versions& versions, size_t run, int64_t limit, std::vector<int64_t>& live) {
  struct Stretch {
    size_t from, to;  // runs
    int64_t bytes;
  };
  std::vector<Stretch> stretches;
  for (int v : versions.written_by(run)) {
    if (!versions[v].is_current) continue;
    const Version& before = versions[versions[v].before];
    size_t from = static_cast<size_t>(before.last) + (versions.is_taken_over(versions[v].before) ? 0 : 1);
    stretches.push_back({from, run, before.bytes});
  }
  auto add = [&](const Stretch& s, int64_t bytes) {
    for (size_t r = s.from; r < s.to; ++r) live[r] += bytes;
  };
  for (const Stretch& s : stretches) add(s, s.bytes);
  bool fits = std::all_of(stretches.begin(), stretches.end(), [&](const Stretch& s) {
    return s.from >= s.to || *std::max_element(live.begin() + static_cast<std::ptrdiff_t>(s.from),
                                               live.begin() + static_cast<std::ptrdiff_t>(s.to)) <= limit;
  });
  if (!fits)
    for (const Stretch& s : stretches) add(s, -s.bytes);
  return fits;
}

/// One round: a run that is saved makes others needless, and so makes room for the next round.
Schedule keep_once(const RecomputeProblem& problem, const Schedule& schedule, int64_t limit) {
  Versions versions(problem, schedule);
  std::vector<int64_t> live = versions.live();
  std::vector<bool> is_saved(schedule.size());
  for (const Saving& saving : savings(problem, schedule))
    is_saved[saving.run] = keep(versions, saving.run, limit, live);
  Schedule rest;
  for (size_t r = 0; r < schedule.size(); ++r)
    if (!is_saved[r]) rest.push_back(schedule[r]);
  return without_idle_runs(problem, std::move(rest));
}

}  // namespace

Schedule plain_schedule(const RecomputeProblem& problem) {
  Schedule schedule;
  for (size_t s = 0; s < problem.steps.size(); ++s) schedule.push_back({static_cast<int>(s)});
  return schedule;
}

double cost_of(const RecomputeProblem& problem, const Schedule& schedule) {
  double sum = 0;
  for (const Run& run : schedule) sum += run.of(problem).cost;
  return sum;
}

int64_t peak_of(const RecomputeProblem& problem, const Schedule& schedule) {
  std::vector<int64_t> live = Versions(problem, schedule).live();
  return live.empty() ? 0 : *std::max_element(live.begin(), live.end());
}

Schedule without_idle_runs(const RecomputeProblem& problem, Schedule schedule) {
  std::vector<bool> is_wanted(problem.bytes.size());  // by a later run
  Schedule kept;
  for (auto run = schedule.rbegin(); run != schedule.rend(); ++run) {
    const CostedStep& step = run->of(problem);
    if (!run->is_first) std::erase_if(run->again, [&](int b) { return !is_wanted[static_cast<size_t>(b)]; });
    if (!run->is_first && run->again.empty()) continue;
    for (int b : run->is_first ? step.writes : run->again) is_wanted[static_cast<size_t>(b)] = false;
    for (int b : step.reads) is_wanted[static_cast<size_t>(b)] = true;
    kept.push_back(std::move(*run));
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

Schedule keep_what_fits(const RecomputeProblem& problem, Schedule schedule, int64_t limit) {
  constexpr int kRounds = 4;
  for (int round = 0; round < kRounds; ++round) {
    Schedule next = keep_once(problem, schedule, limit);
    if (next.size() == schedule.size() || peak_of(problem, next) > limit) break;
    schedule = std::move(next);
  }
  return schedule;
}

}  // namespace miai
