#!/usr/bin/env bash
# test-sanitized.sh asan|tsan: builds the tests of C++ with sanitizers and runs them.
set -euo pipefail
preset=${1:?usage: test-sanitized.sh asan|tsan}
bash "$(dirname "$0")/setup.sh" tools
source "$(dirname "$0")/common.sh"

say "Build with sanitizers: $preset"
build_preset "$preset"
say "Tests of C++: $preset"
export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
without_aslr ctest --preset "$preset" -j2 >"build/$preset/ctest.log" 2>&1 || { cat "build/$preset/ctest.log"; exit 1; }
grep -E '% tests passed' "build/$preset/ctest.log"
