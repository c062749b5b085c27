#!/usr/bin/env bash
# setup.sh [package|tools]: all that the other scripts need, on a Debian 12 with bash and python3 alone.
#   package (default): system packages, .venv, and Miai built and installed into it
#   tools: system packages and .venv with what builds and tests Miai, nothing of Miai
# Does only what is missing: a second run takes a second.
set -euo pipefail
source "$(dirname "$0")/common.sh"
goal=${1:-package}
python=${PYTHON:-$(PATH=${PATH#"$venv/bin:"} command -v python3)}

has_header() { echo "#include <$1>" | c++ -E -x c++ - >/dev/null 2>&1; }

# Prints the Debian packages that are missing, found by what they bring (from wherever it came).
missing_packages() {
  command -v c++ >/dev/null || echo g++
  has_header nlohmann/json.hpp || echo nlohmann-json3-dev
  has_header xxhash.h || echo libxxhash-dev
  has_header dlpack/dlpack.h || echo libdlpack-dev
  if [ "$goal" = tools ]; then has_header gtest/gtest.h || echo libgtest-dev; fi
  "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || echo python3-dev
}

# Good to have: quick builds, the demo's data.
wanted_packages() {
  command -v ccache >/dev/null || echo ccache
  [ -d /usr/share/datasets/fashion-mnist ] || echo dataset-fashion-mnist
}

system_packages() {
  local missing wanted package
  missing=$(missing_packages)
  wanted=$(wanted_packages)
  if [ -n "$missing$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! [ -f build/.stamp-apt-"$goal" ]; then
    say "System packages:" $missing $wanted
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || true
    if [ -n "$missing" ]; then apt-get install -y -qq --no-install-recommends $missing >/dev/null; fi
    for package in $wanted; do
      apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || echo "without $package"
    done
    missing=$(missing_packages)
    if [ -z "$missing" ]; then mkdir -p build && touch build/.stamp-apt-"$goal"; fi
  fi
  if [ -n "$missing" ]; then
    echo "setup.sh: missing; as root: apt-get install" $missing >&2
    exit 1
  fi
}

# stamp_is FILE TEXT: whether FILE holds TEXT.
stamp_is() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

python_environment() {
  local requirements=(scripts/requirements.txt) stamp pip
  if [ "$goal" = tools ]; then requirements+=(scripts/requirements-test.txt); fi
  stamp="$("$python" --version) $(cat "${requirements[@]}" | sha256sum)"
  if stamp_is "$venv/.stamp-$goal" "$stamp"; then return; fi
  say "Python environment .venv"
  "$venv/bin/python" -m pip --version >/dev/null 2>&1 || { rm -rf "$venv" && "$python" -m venv "$venv"; }
  pip=("$venv/bin/python" -m pip install -qq --disable-pip-version-check)
  "${pip[@]}" "${requirements[@]/#/-r}"
  if [ "$goal" = tools ]; then optional_torch; fi
  echo "$stamp" >"$venv/.stamp-$goal"
}

# PyTorch, for the tests that compare with it, where a CPU build lies in a local folder that pip knows
# (find-links): the public index's brings gigabytes of CUDA. Without it those tests are skipped.
optional_torch() {
  "${pip[@]}" --no-index --no-deps torch==2.13.0 2>/dev/null || { echo "without PyTorch" && return; }
  "${pip[@]}" filelock fsspec jinja2 networkx "setuptools>=77.0.3" sympy typing-extensions
}

sources_hash() {
  find CMakeLists.txt pyproject.toml kernels runtime graph imperative sdk python third_party -type f \
    -not -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum | sha256sum
}

install_package() {
  local stamp log=build/package.log
  stamp=$(sources_hash)
  if stamp_is "$venv/.stamp-miai" "$stamp"; then return; fi
  say "Building and installing Miai (some minutes the first time)"
  mkdir -p build
  "$venv/bin/python" -m pip install -v --disable-pip-version-check --no-build-isolation --no-deps --force-reinstall \
    --config-settings=build-dir=build/package . 2>&1 | tee "$log" | show_progress || { tail -40 "$log" >&2 && exit 1; }
  echo "$stamp" >"$venv/.stamp-miai"
}

# Ninja's "[3/99]" as a line that counts up on a terminal; nothing elsewhere.
show_progress() {
  if ! [ -t 1 ]; then cat >/dev/null && return; fi
  { grep --line-buffered -oE '^ *\[[0-9]+/[0-9]+\]' || true; } | while read -r step; do printf '\r%s ' "$step"; done
  printf '\n'
}

case $goal in package | tools) ;; *) echo "usage: setup.sh [package|tools]" >&2 && exit 2 ;; esac
system_packages
python_environment
if [ "$goal" = package ]; then install_package; fi
