#include "kernels/common/core_count.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "kernels/common/error.h"

namespace miai {
namespace {

/// Sets or unsets an environment variable and puts the old value back.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Environment() { set(old_ ? old_->c_str() : nullptr); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const char* value) { value ? setenv(name_, value, 1) : unsetenv(name_); }
  const char* name_;
  std::optional<std::string> old_;
};

TEST(CoreCount, IsAtLeastOneByItself) {
  Environment ours("MIAI_NUM_THREADS", nullptr), openmp("OMP_NUM_THREADS", nullptr);
  EXPECT_GE(default_thread_count(), 1);
  EXPECT_LE(default_thread_count(), kMaxThreads);
}

TEST(CoreCount, OurVariableGoesBeforeOpenMps) {
  Environment openmp("OMP_NUM_THREADS", "3");
  {
    Environment ours("MIAI_NUM_THREADS", nullptr);
    EXPECT_EQ(default_thread_count(), 3);
  }
  Environment ours("MIAI_NUM_THREADS", "5");
  EXPECT_EQ(default_thread_count(), 5);
}

TEST(CoreCount, WhatIsNotANumberIsAnErrorThatSaysSo) {
  for (const char* text : {"", "0", "-1", "two", "2 ", "2x", "99999", "99999999999999"}) {
    Environment ours("MIAI_NUM_THREADS", text);
    try {
      default_thread_count();
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kValue);
      EXPECT_EQ(error.what(),
                "MIAI_NUM_THREADS: expected a number from 1 to 1024, got '" + std::string(text) + "'");
    }
  }
}

}  // namespace
}  // namespace miai
