#include "kernels/common/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "kernels/common/error.h"

#include "test/runtime/fork_child.h"

namespace miai {
namespace {

using Piece = std::pair<int64_t, int64_t>;

class ParallelFor : public testing::Test {
 protected:
  void SetUp() override { set_thread_count(4); }
  void TearDown() override { set_thread_count(before_); }
  int before_ = thread_count();
};

std::set<Piece> pieces_of(int64_t begin, int64_t end, int64_t grain) {
  std::mutex mutex;
  std::set<Piece> pieces;
  parallel_for(begin, end, grain, [&](int64_t b, int64_t e) {
    std::lock_guard lock(mutex);
    pieces.insert({b, e});
  });
  return pieces;
}

TEST_F(ParallelFor, CoversTheRangeOnce) {
  for (int64_t count : {0, 1, 2, 7, 63, 64, 65, 128, 129, 1000, 4096, 100003})
    for (int64_t grain : {1, 3, 64, 128, 1000}) {
      std::vector<std::atomic<int>> hits(static_cast<size_t>(count));
      parallel_for(10, 10 + count, grain, [&](int64_t b, int64_t e) {
        EXPECT_TRUE(e - b >= grain || e - b == count) << count << ' ' << grain;
        for (int64_t i = b; i < e; ++i) hits[static_cast<size_t>(i - 10)].fetch_add(1);
      });
      for (auto& hit : hits) ASSERT_EQ(hit.load(), 1) << count << ' ' << grain;
    }
}

TEST_F(ParallelFor, SplitsIntoAsManyPiecesAsThreads) {
  EXPECT_EQ(pieces_of(0, 1000, 1).size(), 4u);
  EXPECT_EQ(pieces_of(0, 199, 100).size(), 1u);
  EXPECT_EQ(pieces_of(0, 200, 100).size(), 2u);
  EXPECT_TRUE(pieces_of(5, 5, 1).empty());
  EXPECT_TRUE(pieces_of(5, 2, 1).empty());
}

TEST_F(ParallelFor, AScopeHasANumberOfThreadsOfItsOwn) {
  {
    ThreadCountScope scope(3);
    EXPECT_EQ(pieces_of(0, 1000, 1).size(), 3u);
    parallel_for(0, 3, 1, [](int64_t, int64_t) { EXPECT_EQ(thread_count(), 3); });  // the workers too
    std::thread([] { EXPECT_EQ(thread_count(), 4); }).join();                       // other threads not
    ThreadCountScope none(0);
    EXPECT_EQ(thread_count(), 3);
  }
  EXPECT_EQ(thread_count(), 4);
  parallel_for(0, 4, 1, [](int64_t, int64_t) { EXPECT_EQ(thread_count(), 4); });
  EXPECT_THROW(ThreadCountScope(-1), Error);
  EXPECT_THROW(ThreadCountScope(1025), Error);
}

TEST_F(ParallelFor, PiecesOfLargeGrainsStartAtWholeCacheLines) {
  for (const Piece& piece : pieces_of(0, 100003, 64)) EXPECT_EQ(piece.first % 64, 0);
}

TEST_F(ParallelFor, NestedCallsRunTheSamePiecesOnOneThread) {
  std::set<Piece> expected = pieces_of(0, 1000, 1);
  parallel_for(0, 4, 1, [&](int64_t, int64_t) {
    std::thread::id caller = std::this_thread::get_id();
    std::set<Piece> pieces;
    parallel_for(0, 1000, 1, [&](int64_t b, int64_t e) {
      EXPECT_EQ(std::this_thread::get_id(), caller);
      pieces.insert({b, e});
    });
    EXPECT_EQ(pieces, expected);
  });
}

TEST_F(ParallelFor, SecondUserThreadRunsTheSamePiecesAlone) {
  std::set<Piece> expected = pieces_of(0, 1000, 1);
  std::atomic<bool> asked{false};
  parallel_for(0, 4, 1, [&](int64_t b, int64_t) {
    if (b != 0) return;
    std::thread([&] {
      std::thread::id caller = std::this_thread::get_id();
      std::set<Piece> pieces;
      parallel_for(0, 1000, 1, [&](int64_t begin, int64_t end) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        pieces.insert({begin, end});
      });
      EXPECT_EQ(pieces, expected);
      EXPECT_EQ(LibraryThreads().count(), 1);
      asked = true;
    }).join();
  });
  EXPECT_TRUE(asked);
}

TEST_F(ParallelFor, ManyUserThreadsAtOnceAreRight) {
  std::vector<std::thread> users;
  std::atomic<int64_t> total{0};
  for (int i = 0; i < 8; ++i)
    users.emplace_back([&] {
      for (int round = 0; round < 50; ++round)
        parallel_for(0, 100, 1, [&](int64_t b, int64_t e) { total += e - b; });
    });
  for (std::thread& user : users) user.join();
  EXPECT_EQ(total.load(), 8 * 50 * 100);
}

TEST_F(ParallelFor, ThreadsOfTheProcessStayBounded) {
  auto live_threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         std::filesystem::directory_iterator());
  };
  constexpr int kUsers = 32;
  std::atomic<int> ready{0};
  std::atomic<bool> end{false};
  std::vector<std::thread> users;
  for (int i = 0; i < kUsers; ++i) {
    users.emplace_back([&] {
      parallel_for(0, 100, 1, [](int64_t, int64_t) {});
      ++ready;
      while (!end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    while (ready <= i) std::this_thread::yield();  // one after the other: each finds the budget free
  }
  auto live = live_threads();
  end = true;
  for (std::thread& user : users) user.join();
  EXPECT_LE(live, 1 + kUsers + 8 * 3 + 3);
}

TEST_F(ParallelFor, TheFirstPiecesExceptionReachesTheCaller) {
  auto fail = [](int64_t b, int64_t) {
    if (b > 0) throw std::runtime_error("piece at " + std::to_string(b));
  };
  for (int i = 0; i < 20; ++i) {
    try {
      parallel_for(0, 400, 1, fail);
      FAIL() << "no exception";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "piece at 100");
    }
  }
  EXPECT_EQ(pieces_of(0, 400, 1).size(), 4u) << "the budget must be free again";
}

TEST_F(ParallelFor, LibraryThreadsHoldTheBudget) {
  LibraryThreads library;
  EXPECT_EQ(library.count(), 4);
  std::thread::id caller = std::this_thread::get_id();
  parallel_for(0, 100, 1, [&](int64_t, int64_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
  EXPECT_EQ(LibraryThreads().count(), 1);
}

TEST_F(ParallelFor, AForkedChildRunsTheSamePiecesAlone) {
  std::set<Piece> expected = pieces_of(0, 1000, 1);  // the team exists before the fork
  EXPECT_TRUE(true_in_forked_child([&] {
    std::thread::id caller = std::this_thread::get_id();
    std::set<Piece> pieces;
    bool alone = true;
    parallel_for(0, 1000, 1, [&](int64_t b, int64_t e) {
      alone &= std::this_thread::get_id() == caller;
      pieces.insert({b, e});
    });
    return alone && pieces == expected && LibraryThreads().count() == 1;
  }));
}

TEST_F(ParallelFor, RejectsAbsurdThreadCounts) {
  EXPECT_ANY_THROW(set_thread_count(0));
  EXPECT_ANY_THROW(set_thread_count(1 << 20));
  EXPECT_EQ(thread_count(), 4);
}

}  // namespace
}  // namespace miai
