#!/usr/bin/env bash
# Installs what is missing, builds everything, and runs every check and test. What CI runs, and what a developer runs.
#
# Usage: cmake/test.sh [STAGE…]     stages: checks tidy release asan tsan gcc; all of them if none is named
set -euo pipefail
cd "$(dirname "$0")/.."
. cmake/packages.sh

all_stages=(checks tidy release asan tsan gcc)
stages=("${@:-${all_stages[@]}}")
report=()
began_all=$SECONDS

# stage NAME COMMAND…: runs it if it was asked for, and notes how long it took.
stage() {
  local name=$1 began=$SECONDS
  shift
  case " ${stages[*]} " in *" $name "*) ;; *) return 0 ;; esac
  echo
  echo "== $name"
  "$@"
  report+=("$name $((SECONDS - began)) s")
}

preset() {
  cmake --preset "$1" "${@:2}" >/dev/null
  cmake --build --preset "$1"
  ctest --preset "$1"
}

# Formatting, the order of layers, the README's programs, the coroutine forms that g++ 12 miscompiles, sizes of files.
checks() {
  local sources
  mapfile -t sources < <(git ls-files 'lib/*.hpp' 'lib/*.cpp' 'apps/*.hpp' 'apps/*.cpp' 'tests/*.hpp' 'tests/*.cpp')
  clang-format-19 --dry-run -Werror "${sources[@]}"
  cmake -D "ROOT=$PWD" -P cmake/check_layers.cmake
  cmake -D "ROOT=$PWD" -P cmake/check_readme.cmake
  export PYTHONDONTWRITEBYTECODE=1
  python3 cmake/check_coroutines.py "${sources[@]}"
  python3 cmake/check_coroutines_test.py
  cmake/check_sizes.sh
}

# clang-tidy over our own sources, a folder at a time: one reading of Asio's headers for each folder, not for each file.
tidy() {
  cmake --preset tidy >/dev/null
  cmake --build build/tidy --target carillon_redis_scripts carillon_push_scripts >/dev/null  # Headers that sources include.
  sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' build/tidy/compile_commands.json | grep -v -e '/src/asio\.cpp$' -e '/src/json\.cpp$' -e '/src/redis/boost_redis\.cpp$' \
    | xargs -P "$(nproc)" -n 1 clang-tidy-19 -p build/tidy --quiet --checks=-bugprone-suspicious-include \
        2> >(grep -v -E 'warnings? generated|^Suppressed|^Use -' >&2)
}

# So that a clone in another folder finds what this one has compiled.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# Compilers want much memory in small pieces; in pages of 2 MB it is found several times faster on some virtual machines.
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}

prepare "${build_packages[@]}" "${test_packages[@]}"
stage checks checks
stage tidy tidy
stage release preset release -D CARILLON_BUILD_TESTS=ON -D CARILLON_BUILD_BENCHMARKS=ON -D CARILLON_WARNINGS_AS_ERRORS=ON -D CARILLON_TEST_PACKAGE=ON \
  -D CARILLON_TEST_MODEL=ON
stage asan preset asan
stage tsan preset tsan
stage gcc preset gcc

echo
printf '== all passed in %d s:' "$((SECONDS - began_all))"
printf ' %s,' "${report[@]}" | sed 's/,$/\n/'
