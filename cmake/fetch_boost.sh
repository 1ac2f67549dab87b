#!/usr/bin/env bash
# Unpacks Boost 1.92 (headers, and the static archives of Process and URL) under .deps/boost without installing it.
#
# Debian 12's own Boost has no Boost.Redis and an older Asio. Debian publishes 1.92 for its next release in that
# release's backports; apt fetches and verifies those packages with lists and a cache of their own, so that nothing of
# the system's configuration or packages changes.
#
# Usage: cmake/fetch_boost.sh [folder]     (default: .deps/boost beside this folder's parent)
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-$root/.deps/boost}
suite=trixie-backports
packages=(libboost1.92-dev libboost-process1.92-dev libboost-url1.92-dev)

if [ -f "$target/.complete" ]; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The archive this system already uses, so that a mirror or a proxy chosen by its owner is used here too.
site=$(apt-get indextargets --format '$(SITE) $(RELEASE)' | awk '$2 !~ /security|updates|backports/ {print $1; exit}')
if [ -z "$site" ]; then
  echo "fetch_boost: apt knows no Debian archive to fetch Boost 1.92 from; add one to /etc/apt, or install Boost 1.92 or newer where CMake finds it" >&2
  exit 1
fi

mkdir -p "$work"/{lists/partial,cache/archives/partial,etc}
printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$site" "$suite" > "$work/etc/sources.list"
options=(
  -o "Dir::Etc::SourceList=$work/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o Dir::Etc::Preferences=/dev/null
  -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3)

echo "fetch_boost: fetching ${packages[*]} from $suite"
apt-get "${options[@]}" -qq update
(cd "$work" && apt-get "${options[@]}" -qq download "${packages[@]}")

rm -rf "$target"
mkdir -p "$target"
for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$target"; done
touch "$target/.complete"
