# Shared by the scripts: sourced; makes the repository's root the working folder.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
venv=$root/.venv
export PATH="$venv/bin:$PATH"
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"  # tests run side by side: a waiting thread leaves the core

say() { printf '\n== %s\n' "$*"; }

# build_preset NAME: configures and builds a CMake preset.
build_preset() {
  mkdir -p "build/$1"
  if ! cmake --preset "$1" -DPython_EXECUTABLE="$venv/bin/python" >"build/$1/configure.log" 2>&1; then
    cat "build/$1/configure.log" >&2
    return 1
  fi
  cmake --build --preset "$1"
}

# run_pytest PRESET ARGUMENTS...: tests of Python on what that preset has built.
run_pytest() {
  PYTHONPATH=$root/build/$1/python python -m pytest -q -n2 "${@:2}"
}

# The thread sanitizer of GCC 12 needs addresses laid out with little randomness.
without_aslr() {
  if setarch -R true 2>/dev/null; then setarch -R "$@"; else "$@"; fi
}
