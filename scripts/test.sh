#!/usr/bin/env bash
# test.sh: sets up what is missing, builds, and runs the tests of C++ and Python (without the long ones).
set -euo pipefail
bash "$(dirname "$0")/setup.sh" tools
source "$(dirname "$0")/common.sh"

say "Build"
build_preset dev

say "Tests of C++ and of Python, side by side"
ctest --preset dev -j2 >build/dev/ctest.log 2>&1 &
cpp=$!
run_pytest dev >build/dev/pytest.log 2>&1 &
python=$!
trap 'kill $cpp $python 2>/dev/null; exit 130' INT TERM
status=0
wait $cpp || { status=1; cat build/dev/ctest.log; }
wait $python || { status=1; cat build/dev/pytest.log; }
grep -E '% tests passed' build/dev/ctest.log || true
tail -1 build/dev/pytest.log
exit $status
