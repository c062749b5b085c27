#!/usr/bin/env bash
# checks.sh: style, types, layers and sizes, in some seconds. `checks.sh --fix` formats what can be formatted.
set -euo pipefail
bash "$(dirname "$0")/setup.sh" tools
source "$(dirname "$0")/common.sh"
mkdir -p build
status=0

# check NAME COMMAND...: runs the command; its output is shown only when it fails.
check() {
  if "${@:2}" >build/check.log 2>&1; then echo "ok      $1"; else
    status=1
    echo "FAILED  $1"
    tail -40 build/check.log
  fi
}

mapfile -t cpp < <(find kernels runtime graph imperative sdk python test bench -type f -regex '.*\.\(c\|cu\|cpp\|h\|hpp\)' 2>/dev/null)
if [ "${1:-}" = --fix ]; then
  clang-format -i "${cpp[@]}"
  ruff check -q --fix . || true
  ruff format -q .
fi
say "Checks"
check "C++ format (clang-format)" clang-format --dry-run -Werror "${cpp[@]}"
check "Python lint (ruff)" ruff check .
check "Python format (ruff)" ruff format --check .
check "Python types (mypy)" mypy
check "layers: an include never points upwards" python scripts/check_layers.py
check "size of files, a README in each folder" python scripts/check_files.py
exit $status
