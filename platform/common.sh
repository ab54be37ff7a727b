# Shared by platform/setup, platform/enter, daimon and test: sourced, never run. No work is done here, and nothing
# that costs more than a millisecond: a launcher that has nothing to set up goes through this file each time.
# shellcheck shell=bash

platform=$(cd -P "${BASH_SOURCE[0]%/*}" && pwd) || exit
project=${platform%/platform}
build=$project/build
# DAIMON_ROOT puts the private root elsewhere, so that several clones can share one.
root=${DAIMON_ROOT:-$build/root}
stamp=$root.stamp
suite=forky
# Raise when a root made by an older platform/setup must be made anew.
root_version=1

say() { printf 'daimon: %s\n' "$*" >&2; }

fail() {
  printf 'daimon: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '        %s\n' "$line" >&2; done
  exit 1
}

# packages SECTION...: names and least versions, a package a line: "cmake >= 3.30".
packages() {
  local line section='' wanted=" $* "
  while read -r line; do
    line=${line%%#*}
    line=${line%"${line##*[![:space:]]}"}
    case $line in
      '') ;;
      '['*) section=${line//[\[\]]/} ;;
      *) [[ $wanted == *" $section "* ]] && printf '%s\n' "${line//[()]/}" ;;
    esac
  done <"$platform/packages.txt"
  return 0
}

# Already inside a private root?
inside() { [[ -e /etc/daimon-root ]]; }

# native SECTION...: are the host's own packages enough? Nearly always answered by the first line.
native() {
  [[ -x /usr/bin/g++-16 && -x /usr/bin/cmake && ${DAIMON_PLATFORM:-} != root ]] || return 1
  local name relation version installed
  while read -r name relation version; do
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$name" 2>/dev/null) || return 1
    [[ $installed == 'installed '* ]] || return 1
    [[ -z $relation ]] || dpkg --compare-versions "${installed#installed }" "$relation" "$version" || return 1
  done < <(packages "$@")
}

# The stamp says what a finished root holds: version, suite, sections, then the package list it was made from.
# ready SECTION...: does the stamp cover these sections of today's list? No process is started.
ready() {
  local have='' want section held='' version=''
  [[ -r $stamp ]] && { read -r version held && read -rd '' have; } <"$stamp"
  [[ $version == "$root_version-$suite" ]] || return 1
  for section in "$@"; do [[ " $held " == *" $section "* ]] || return 1; done
  read -rd '' want <"$platform/packages.txt"
  [[ $have == "$want" ]]
}
