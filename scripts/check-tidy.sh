#!/usr/bin/env bash
# check-tidy.sh: clang-tidy on every C++ file, as part of a build of its own: a second run looks at what has changed.
set -euo pipefail
source "$(dirname "$0")/common.sh"

say "clang-tidy"
python -m pip install -q -r scripts/requirements-tidy.txt
build_preset tidy
