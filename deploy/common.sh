# shellcheck shell=bash
# What the scripts of this tree share: how they speak, how they run a long step with progress and a
# log, and how they hold the build directory. Sourced, never run; the caller has set
# `set -euo pipefail` and `root`, the top of the tree.

build="${root:?set by the script that sources this}/build"
step_pid=""
# So that ccache keeps what is compiled with precompiled headers.
export CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '%s\n' "$*"; }
note() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# fail WHAT [WHAT-TO-DO...]: the plain error that a script ends with.
fail() {
  printf '\n%s: error: %s\n' "${0##*/}" "$1" >&2
  shift
  local line
  for line in "$@"; do printf '  %s\n' "${line}" >&2; done
  exit 1
}

# last_lines FILE [COUNT]: the end of a log, indented, on standard error.
last_lines() {
  [[ -s $1 ]] || return 0
  printf '\n  the last lines of %s:\n' "$1" >&2
  tail -n "${2:-20}" -- "$1" | sed 's/^/  | /' >&2
}

# build_error FILE: what ninja's log says failed, indented, on standard error.
build_error() {
  grep -q '^FAILED: ' -- "$1" || { last_lines "$1" && return 0; }
  printf '\n  from %s:\n' "$1" >&2
  sed -n '/^FAILED: /,$p' -- "$1" |
    grep -vE '^(: && )?/[^ ]*(ccache|[cg][+][+])[^ ]* ' | head -n 40 |
    sed 's/^/  | /' >&2
}

# How far a log says its work is: "[12/96]" of ninja, ctest's tests, a long step of a script run by
# this one, or apt's packages.
progress_of() {
  local seen
  seen=$(tail -c 4000 -- "$1" 2>/dev/null | grep -aoE '^\[[0-9]+/[0-9]+' | tail -n 1 || true)
  if [[ -n ${seen} ]]; then
    printf '%s of %s' "$(cut -d/ -f1 <<<"${seen#\[}")" "${seen#*/}"
    return 0
  fi
  seen=$(tail -n 30 -- "$1" 2>/dev/null | sed -nE \
    -e 's|^ *([0-9]+)/([0-9]+) Test .*|test \1 of \2|p' -e 's|^.* [.]{3} [0-9]+ s  (.+)$|\1|p' |
    tail -n 1 || true)
  if [[ -n ${seen} ]]; then
    printf '%s' "${seen}"
    return 0
  fi
  grep -aE '^(Get:[0-9]+|Unpacking|Setting up) ' -- "$1" 2>/dev/null | tail -n 1 |
    sed -E -e 's/^Get:([0-9]+) .* ([^ ]+) [^ ]+ [^ ]+ \[.*/downloading \2/' \
      -e 's/^(Unpacking|Setting up) ([^ ]+).*/\1 \2/' |
    cut -c -60 || true
}

# long_step TITLE LOG COMMAND...: runs the command with its output in LOG and shows the time and how
# far it is: in one line that redraws on a terminal, every 20 seconds elsewhere. Returns its status.
long_step() {
  local title=$1 log=$2 began=${SECONDS} shown=${SECONDS} status=0
  shift 2
  mkdir -p -- "$(dirname -- "${log}")"
  : >"${log}"
  # A process group of its own, so that an interruption can reach all of it.
  set -m
  "$@" >"${log}" 2>&1 </dev/null &
  step_pid=$!
  set +m
  [[ -t 1 ]] || say "${title} ..."
  while kill -0 "${step_pid}" 2>/dev/null; do
    if [[ -t 1 ]]; then
      printf '\r\033[K%s ... %d s  %s' "${title}" $((SECONDS - began)) "$(progress_of "${log}")"
    elif ((SECONDS - shown >= 20)); then
      shown=${SECONDS}
      say "${title} ... $((SECONDS - began)) s  $(progress_of "${log}")"
    fi
    sleep 0.2
  done
  wait "${step_pid}" || status=$?
  step_pid=""
  [[ ! -t 1 ]] || printf '\r\033[K'
  if ((status == 0)); then
    say "${title}: done in $((SECONDS - began)) s"
  else
    say "${title}: failed after $((SECONDS - began)) s"
  fi
  return "${status}"
}

# Ends what long_step has running, as Ctrl-C would; for the traps of the scripts.
stop_step() {
  [[ -n ${step_pid} ]] || return 0
  local until=$((SECONDS + 10))
  kill -INT -- "-${step_pid}" 2>/dev/null || true
  while kill -0 -- "-${step_pid}" 2>/dev/null && ((SECONDS < until)); do
    sleep 0.1
  done
  kill -TERM -- "-${step_pid}" 2>/dev/null || true
  wait "${step_pid}" 2>/dev/null || true
  step_pid=""
}

# One builder at a time in build/: ninja itself does not guard it. Held until the script ends or
# lets go with release_build.
hold_build() {
  mkdir -p -- "${build}"
  exec {build_lock}>"${build}/.lock"
  if ! flock --nonblock "${build_lock}"; then
    say "Waiting for another build in ${build} to end ..."
    flock "${build_lock}"
  fi
}
release_build() { exec {build_lock}>&-; }

# A configured build/ is of use only to the place it was configured in: a tree that was moved or
# copied starts anew.
drop_foreign_build() {
  local cache="${build}/CMakeCache.txt"
  [[ -f ${cache} ]] || return 0
  if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=${root}" "${cache}"; then
    note "build/ was made for another place, configuring it anew"
    rm -rf -- "${cache}" "${build}/CMakeFiles" "${build}/build.ninja"
  fi
}
