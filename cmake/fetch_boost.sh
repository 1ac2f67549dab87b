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

# Where apt gets this system's own packages from, so that a mirror or a proxy chosen by its owner is used here too.
# apt tells only once it has lists: $1 is the folder of these.
archive() {
  apt-get -o "Dir::State::Lists=$1" indextargets --format '$(SITE) $(RELEASE) $(LABEL)' \
    | awk '$2 !~ /security|updates|backports/ && $3 == "Debian" { print $1; exit }'
}

lists=$(apt-config shell lists Dir::State::Lists/d)
eval "$lists"
site=$(archive "$lists")
if [ -z "$site" ]; then
  mkdir -p "$work/system/partial"
  apt-get -o "Dir::State::Lists=$work/system" -o APT::Sandbox::User=root -qq update || true
  site=$(archive "$work/system")
fi
if [ -z "$site" ]; then
  echo "fetch_boost: apt knows no Debian archive to fetch Boost 1.92 from; add one to /etc/apt, or install Boost 1.92 or newer where CMake finds it" >&2
  exit 1
fi

# The first name is the newer one, of Debian 13.
keyring=
for candidate in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
  if [ -f "$candidate" ]; then keyring=$candidate; break; fi
done
if [ -z "$keyring" ]; then
  echo "fetch_boost: the keys of Debian's archive are missing: install the package debian-archive-keyring" >&2
  exit 1
fi

mkdir -p "$work"/{lists/partial,cache/archives/partial,etc}
printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$site" "$suite" > "$work/etc/sources.list"
options=(
  -o "Dir::Etc::SourceList=$work/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o Dir::Etc::Preferences=/dev/null
  -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Update::Error-Mode=any)

echo "fetch_boost: fetching ${packages[*]} from $suite"
if ! apt-get "${options[@]}" -qq update; then
  echo "fetch_boost: $suite could not be read from $site (no network, a mirror without it, or a debian-archive-keyring that is too old)" >&2
  exit 1
fi
(cd "$work" && apt-get "${options[@]}" -qq download "${packages[@]}")

rm -rf "$target"
mkdir -p "$target"
for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$target"; done
touch "$target/.complete"
