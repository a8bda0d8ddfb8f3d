# shellcheck shell=sh
# Messages, digests, locks and room on the disk, for the scripts that source this file.

# Exit code of a part that is unavailable (sysexits: EX_UNAVAILABLE).
readonly unavailable=69

note() {
  printf 'thorax: %s\n' "$*" >&2
}

# fail WHAT-IS-WRONG: WHAT-TO-DO, on one line.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit "$unavailable"
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# The user's home folder: $HOME, or what the system's database of users says if that is unset or not absolute.
# (As Sources/Support/Paths/UserFolders.swift has it.)
home_folder() {
  home=${HOME-}
  case $home in /*) ;; *)
    home=
    user=$(id -un 2>/dev/null) || user=
    # A tilde before a name asks the database; only a plain name is handed to the shell.
    case $user in '' | [!A-Za-z_]* | *[!A-Za-z0-9._-]*) ;; *) eval "home=~$user" ;; esac
    ;;
  esac
  case $home in
    /*) printf '%s\n' "${home%/}" ;;
    *) return 1 ;;
  esac
}

# The folder that all checkouts of one user share. (XDG base directories: a relative one counts as not set.)
cache_folder() {
  case ${XDG_CACHE_HOME-} in /*)
    printf '%s/thorax\n' "${XDG_CACHE_HOME%/}"
    return
    ;;
  esac
  home=$(home_folder) ||
    fail "there is no folder for the cache, HOME is not set and the system knows no home folder: export XDG_CACHE_HOME=DIR"
  printf '%s/.cache/thorax\n' "$home"
}

# sha256 [FILE...]: lines of "digest  file", of the standard input where no file is given.
sha256() {
  if have sha256sum; then
    sha256sum "$@"
  else
    shasum -a 256 "$@"
  fi
}

# digest_of FILE
digest_of() {
  sha256 <"$1" | cut -c 1-64
}

# tree_digest FOLDER PATH: one digest for the names and contents of all files below FOLDER/PATH.
tree_digest() {
  (cd "$1" && find "$2" -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 sh -c '
    if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else shasum -a 256 "$@"; fi' sh |
    sha256 | cut -c 1-64)
}

size_of() {
  if [ -e "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi
}

# Megabytes (MiB) free on the disk of the folder $1.
free_megabytes() {
  df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'
}

# need_room FOLDER MEGABYTES WHAT: fails before a disk that is too small has been filled.
need_room() {
  free=$(free_megabytes "$1")
  if [ -n "$free" ] && [ "$free" -lt "$2" ]; then
    fail "$3 needs $2 MB in $1, which has $free MB: free some there, then run this again"
  fi
}

# The commonest reason by far for a file that cannot be written.
fail_to_write() {
  free=$(free_megabytes "$1")
  fail "cannot write to $1 (${free:-unknown} MB free): free some there, make it writable, or set XDG_CACHE_HOME to a" \
    "folder elsewhere, then run this again"
}

# hold_lock FILE: waits until this process alone holds it; released by the system when the process ends.
hold_lock() {
  if have flock; then
    exec 9>"$1" || fail_to_write "${1%/*}"
    if ! flock -n 9; then
      note "waiting for another set-up to finish"
      flock 9
    fi
  else
    hold_lock_folder "$1.held"
  fi
}

# Without flock (macOS): a folder is made by one process alone; that of a process which is gone is taken over.
hold_lock_folder() {
  waiting=
  until mkdir "$1" 2>/dev/null; do
    [ -d "$1" ] || fail_to_write "${1%/*}"
    owner=$(cat "$1/pid" 2>/dev/null || true)
    # A folder without an owner is either brand new, or left by a process killed right after it made it.
    if [ -z "$owner" ]; then
      sleep 1
      owner=$(cat "$1/pid" 2>/dev/null || echo none)
    fi
    if [ "$owner" = none ] || ! kill -0 "$owner" 2>/dev/null; then
      # Only one of several that find the same stale lock can rename it.
      mv "$1" "$1.stale.$$" 2>/dev/null && rm -rf "$1.stale.$$"
      continue
    fi
    [ -n "$waiting" ] || note "waiting for another set-up to finish"
    waiting=yes
    sleep 1
  done
  echo $$ >"$1/pid"
  held_lock=$1
}

release_lock() {
  if [ -n "${held_lock-}" ]; then rm -rf "$held_lock"; fi
}
