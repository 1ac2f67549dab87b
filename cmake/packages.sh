# What Carillon needs from the system, in one place. Sourced by run.sh and test.sh; not run by itself.

# To build and run.
build_packages=(
  ca-certificates cmake ninja-build clang-19 lld-19
  libspdlog-dev libfmt-dev libcctz-dev libxxhash-dev libtomlplusplus-dev libcli11-dev libssl-dev prometheus-cpp-dev
  libsoci-dev libsqlite3-dev libpq-dev libmariadb-dev tzdata)
# To test and check: the sanitizers' runtime, and what finds names for their reports; the second compiler, the formatter, the
# linter; spin and the gcc that compiles what it writes; servers that tests start; what the loop is written with that a
# benchmark stands beside; a Qt, of which an example needs the core.
test_packages=(doctest-dev g++-12 clang-format-19 clang-tidy-19 libclang-rt-19-dev llvm-19 python3 git procps spin gcc
  redis-server redis-sentinel redis-tools postgresql mariadb-server mariadb-client openssl faketime python3-redis qt6-base-dev)

# Says what this project does on systems whose packages it does not know.
other_system() {
  echo "This system is not Debian 12 or 13, so nothing is installed here. What must be there:"
  echo "  CMake 3.25, Ninja, Clang 19 (clang++-19) with lld, Boost 1.92 or newer with its Process and URL libraries,"
  echo "  spdlog, fmt, cctz, xxHash, toml++, CLI11, OpenSSL, prometheus-cpp and, for the SQL databases, SOCI with the client libraries of SQLite, PostgreSQL and MariaDB; for the tests doctest, Redis, PostgreSQL, MariaDB, g++-12, clang-format-19, clang-tidy-19, spin, gcc, redis-py."
}

debian_release() {
  ( . /etc/os-release 2>/dev/null && [ "${ID:-}" = debian ] && echo "${VERSION_ID:-}" ) || true
}

# Installs those of its arguments that are missing. Quick when nothing is.
install_missing() {
  local package missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "These packages are missing, and installing them needs root or sudo: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "== installing ${missing[*]}"
  # A third party's archive that is out of reach must not stop the installation from Debian's.
  "${as_root[@]}" apt-get -qq update || echo "apt-get update had trouble; trying all the same" >&2
  # Servers are for tests that start their own: their packages must not start services on this machine.
  local policy=/usr/sbin/policy-rc.d made='' failed=''
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    made=yes
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "${missing[@]}" >/dev/null || failed=yes
  [ -z "$made" ] || "${as_root[@]}" rm -f "$policy"
  [ -z "$failed" ]
}

# prepare PACKAGE…: whatever is needed before CMake can run.
prepare() {
  case "$(debian_release)" in
    12) install_missing "$@" ;;
    # Debian 13 keeps the zones of old names apart, and calls g++ 12 by the same name.
    13) install_missing "$@" tzdata-legacy ;;
    *) other_system; return 0 ;;
  esac
  if ! boost_is_there; then "$(dirname "${BASH_SOURCE[0]}")/fetch_boost.sh"; fi
}

# Whether the system's own Boost is new enough.
boost_is_there() {
  local version
  version=$(sed -n 's/^#define BOOST_VERSION \([0-9]*\)$/\1/p' /usr/include/boost/version.hpp /usr/local/include/boost/version.hpp 2>/dev/null | sort -n | tail -n 1)
  [ -n "$version" ] && [ "$version" -ge 109200 ] && compgen -G '/usr/lib/*/libboost_process.*' >/dev/null \
    && compgen -G '/usr/lib/*/libboost_url.*' >/dev/null
}
