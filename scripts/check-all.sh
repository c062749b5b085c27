#!/usr/bin/env bash
# check-all.sh: all of .ci/run, clang-tidy, the thread sanitizer, the long tests, the build without oneDNN, and the
# package in empty environments of every Python at hand. Run it before an issue is closed.
set -euo pipefail
source "$(dirname "$0")/common.sh"
bash .ci/run
bash scripts/check-tidy.sh
bash scripts/test-sanitized.sh tsan

say "Long tests"
MIAI_LONG=1 without_aslr build/asan/test/test_serialize --gtest_filter='Mutations.*' --gtest_brief=1
MIAI_LONG=1 without_aslr build/asan/test/test_sdk --gtest_filter='NpyMutations.*' --gtest_brief=1
MIAI_LONG=1 without_aslr build/tsan/test/test_sdk --gtest_filter='Sessions.*' --gtest_brief=1
run_pytest dev -m long || [ $? = 5 ]  # 5: there are none

say "Without oneDNN"
build_preset no-onednn
ctest --preset no-onednn -j2
run_pytest no-onednn

bash scripts/check-package.sh
