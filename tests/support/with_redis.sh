#!/usr/bin/env bash
# Runs a program with a redis-server of its own, whose URL is given to it as its last argument.
# Usage: with_redis.sh PROGRAM [ARGUMENT…]
set -euo pipefail

folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT

for try in 1 2 3 4 5 6 7 8 9 10; do
  port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
  : >"$folder/log"
  redis-server --port $port --bind 127.0.0.1 --dir "$folder" --save '' >"$folder/log" 2>&1 &
  server=$!
  # Somebody else may listen there: then it ends at once, and the next port is tried.
  while kill -0 "$server" 2>/dev/null; do
    if grep -q 'Ready to accept connections' "$folder/log"; then
      "$@" "redis://127.0.0.1:$port"
      exit
    fi
    sleep 0.02
  done
  server=
done
cat "$folder/log" >&2
exit 1
