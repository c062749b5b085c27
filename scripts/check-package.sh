#!/usr/bin/env bash
# check-package.sh: the wheel, installed into an empty environment of every Python (3.10 to 3.13) at hand: its size,
# what `import miai` costs and brings, its programs, and a C++ and a C project that use its SDK.
set -euo pipefail
bash "$(dirname "$0")/setup.sh" tools
source "$(dirname "$0")/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check_package PYTHON: in a folder of its own, away from the sources.
check_package() {
  local home
  home=$(mktemp -d -p "$work")
  "$1" -m venv "$home"
  "$home/bin/python" -m pip wheel -q --disable-pip-version-check --no-deps -w "$home/wheel" .
  ls -l "$home"/wheel/miai-*.whl | awk '{printf "%.1f MB %s\n", $5 / 1e6, $NF; exit $5 > 30e6}'
  "$home/bin/python" -m pip install -q --disable-pip-version-check "$home"/wheel/miai-*.whl
  cd "$home"
  bin/python "$root/scripts/check_import.py"
  bin/miai --version
  bin/miai-run inspect --help >/dev/null
  "$venv/bin/ctest" --build-and-test "$root/test/sdk/consumer" "$home/consumer" --build-generator Ninja \
    --build-options "-DCMAKE_PREFIX_PATH=$(bin/miai sdk-path)" --test-command ctest >consumer.log 2>&1 \
    || { cat consumer.log && return 1; }
}

# Prints an interpreter of that version: pyenv's or the one on PATH.
find_python() {
  local candidate
  for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python /usr/bin/python"$1"; do
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then echo "$candidate" && return; fi
  done
}

found=0
for version in 3.10 3.11 3.12 3.13; do
  python=$(find_python $version)
  if [ -n "$python" ]; then
    say "Package on $("$python" --version)"
    (check_package "$python")
    found=1
  fi
done
if [ $found = 0 ]; then echo "no Python 3.10 to 3.13 found" >&2 && exit 1; fi
