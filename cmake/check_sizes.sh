#!/usr/bin/env bash
# Fails if a source file has grown past what one can read in one sitting.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=600
git ls-files 'lib/*.?pp' 'apps/*.?pp' 'tests/*.?pp' | xargs wc -l | awk -v limit=$limit \
  '$2 != "total" && $1 > limit { print $2 ": " $1 " lines; split it, the limit is " limit; bad = 1 } END { exit bad }'
