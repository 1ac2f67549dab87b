#!/usr/bin/env bash
# Installs what is missing, builds Carillon, and runs the demonstration until Ctrl-C.
#
# Usage: cmake/run.sh [ARGUMENT…]     arguments go to the program in place of `run apps/carillon/demo.toml`
set -euo pipefail
cd "$(dirname "$0")/.."
. cmake/packages.sh

prepare "${build_packages[@]}"
echo "== building build/release/bin/carillon"
cmake --preset release -D CARILLON_BUILD_TESTS=OFF -D CARILLON_BUILD_BENCHMARKS=OFF >/dev/null
cmake --build --preset release

if [ $# -eq 0 ]; then
  echo "== build/release/bin/carillon run apps/carillon/demo.toml     (Ctrl-C ends it)"
  set -- run apps/carillon/demo.toml
fi
exec build/release/bin/carillon "$@"
