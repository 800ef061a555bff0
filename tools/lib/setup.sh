# shellcheck shell=bash
# What tools/check, tools/quickstart and tools/bench share. Sourced by bash, never run.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
me=tools/$(basename "$0")
cd "$root" || exit 1

say() { printf '%s: %s\n' "$me" "$*" >&2; }

# fail CODE MESSAGE: 1 something went wrong, 2 wrong usage.
fail() {
  say "$2"
  exit "$1"
}

# packages [PURPOSE]: what everything needs, and what only that purpose does.
packages() { awk -v purpose="#${1:-}:" '!/^#/ && NF {print $1} $1 == purpose {print $2}' tools/packages.txt; }

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_missing_packages [PURPOSE]: what tools/packages.txt names and this machine lacks. Asks neither for network nor
# for root when nothing is.
install_missing_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "this is not Debian: install what tools/packages.txt names by other means"
    return
  fi
  local package missing=()
  for package in $(packages "$@"); do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail 1 "not root, and no sudo; install these first: ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0)
  "${apt[@]}" update >&2 || fail 1 "apt-get update failed (see above)"
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2 || fail 1 "apt-get install failed (see above)"
}

# build PRESET [TARGET...]: into build/PRESET, with all cores.
build() {
  local preset=$1
  shift
  say "building ${*:-everything} (preset $preset)"
  cmake --preset "$preset" >&2 || fail 1 "the configuration failed (see above)"
  cmake --build --preset "$preset" ${1:+--target "$@"} --parallel "$(nproc)" >&2 ||
    fail 1 "the build failed (see above)"
}
