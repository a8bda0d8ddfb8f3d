# shellcheck shell=sh
# Where a wheel can be had: what pip would ask, without pip. Reads pip's variables and configuration files, asks simple
# indexes (PEP 503) and find-links folders and pages, and prints addresses. Needs common.sh, a folder $work, and
# read_pip_settings called once.

# pip's configuration files, the later over the earlier.
pip_configuration_files() {
  if [ "${PIP_CONFIG_FILE-}" = /dev/null ]; then return; fi
  printf '%s\n' "${XDG_CONFIG_DIRS:-/etc/xdg}" | tr ':' '\n' | sed 's|$|/pip/pip.conf|'
  echo "/Library/Application Support/pip/pip.conf"
  echo /etc/pip.conf
  if [ -n "${HOME-}" ]; then
    echo "$HOME/.pip/pip.conf"
    echo "${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf"
    echo "$HOME/Library/Application Support/pip/pip.conf"
  fi
  if [ -n "${VIRTUAL_ENV-}" ]; then echo "$VIRTUAL_ENV/pip.conf"; fi
  if [ -n "${PIP_CONFIG_FILE-}" ]; then echo "$PIP_CONFIG_FILE"; fi
}

# pip_setting NAME, for example index-url: the values on one line, from the environment or else the files.
pip_setting() {
  variable=PIP_$(printf '%s' "$1" | tr 'a-z-' 'A-Z_')
  eval "value=\${$variable-}"
  # shellcheck disable=SC2154  # set by the eval above
  if [ -n "$value" ]; then
    printf '%s\n' "$value"
    return
  fi
  pip_configuration_files | while IFS= read -r file; do
    if [ -r "$file" ] && [ -f "$file" ]; then cat "$file" && printf '\n[]\n'; fi
  done | awk -v wanted="$1" '
    { sub(/\r$/, "") }
    /^[ \t]*([#;]|$)/ { next }
    /^\[/ { section = $0; gsub(/[][ \t]/, "", section); key = ""; next }
    /^[ \t]/ { if (key == wanted) found[section] = found[section] " " $0; next }
    {
      at = match($0, /[=:]/)
      if (!at) { key = ""; next }
      key = tolower(substr($0, 1, at - 1)); gsub(/[ \t]/, "", key); gsub(/_/, "-", key)
      if (key == wanted) found[section] = substr($0, at + 1)
    }
    END {
      # What is set for a command goes over what is set for all.
      value = "install" in found ? found["install"] : "download" in found ? found["download"] : found["global"]
      gsub(/[ \t]+/, " ", value); sub(/^ /, "", value); sub(/ $/, "", value)
      print value
    }'
}

# read_pip_settings: those that say where to look go to variables, those of the transport to $work/curlrc for curl.
read_pip_settings() {
  index_url=$(pip_setting index-url)
  index_url=${index_url:-https://pypi.org/simple}
  extra_index_urls=$(pip_setting extra-index-url)
  find_links=$(pip_setting find-links)
  no_index=$(pip_setting no-index)
  trusted_hosts=$(pip_setting trusted-host)
  for pair in cert:cacert client-cert:cert proxy:proxy; do
    value=$(pip_setting "${pair%%:*}")
    if [ -n "$value" ]; then printf '%s = "%s"\n' "${pair#*:}" "$value"; fi
  done >"$work/curlrc"
}

# curl_at URL ARGUMENT...: curl with those settings; the address does not appear among the processes' arguments, since
# it may hold a password.
curl_at() {
  address=$1
  shift
  # A name that pip trusts without its certificate is trusted here too; what arrives is checked against its digest.
  host=${address#*://}
  host=${host%%/*}
  host=${host##*@}
  for trusted in $trusted_hosts; do
    case $host in "$trusted" | "$trusted":*) set -- --insecure "$@" ;; esac
  done
  printf 'url = "%s"\n' "$address" |
    curl --config "$work/curlrc" --config - --silent --show-error --fail --location --netrc-optional --http1.1 \
      --connect-timeout 20 --speed-limit 1000 --speed-time 60 "$@"
}

# why CODE: what curl's exit code means to a reader.
why() {
  case $1 in
    6) echo "its name could not be resolved" ;;
    7) echo "no connection" ;;
    5 | 97) echo "no connection to the proxy" ;;
    18 | 52 | 55 | 56 | 92) echo "the connection broke off" ;;
    22) sed -n 's/^.*returned error: \([0-9]*\).*/HTTP status \1/p' "$work/curl.err" | head -n 1 ;;
    28) echo "no answer in time" ;;
    35 | 51 | 58 | 59 | 60 | 77) echo "its certificate is not trusted" ;;
    *) echo "curl exit code $1" ;;
  esac
}

# An address without the password it may hold.
without_password() {
  printf '%s\n' "$1" | sed 's|//[^/@]*@|//***@|'
}

# hrefs FILE: the addresses a page links to, one a line.
hrefs() {
  tr '\n\r\t' '   ' <"$1" | tr '<' '\n' | sed -n \
    -e 's/^[aA] .*[hH][rR][eE][fF] *= *"\([^"]*\)".*/\1/p' \
    -e "s/^[aA] .*[hH][rR][eE][fF] *= *'\\([^']*\\)'.*/\\1/p" | sed 's/&amp;/\&/g'
}

# absolute BASE HREF: the address that HREF means on the page BASE, with BASE's user where the host is the same.
absolute() {
  origin=$(printf '%s\n' "$1" | sed 's|^\([a-z]*://[^/]*\).*|\1|')
  case $2 in
    http://* | https://*)
      user=$(printf '%s\n' "$origin" | sed -n 's|^[a-z]*://\(.*@\).*|\1|p')
      if [ -n "$user" ]; then
        plain=$(printf '%s\n' "$origin" | sed 's|://.*@|://|')
        case $2 in "$plain"/*) printf '%s%s\n' "$origin" "${2#"$plain"}" && return ;; esac
      fi
      printf '%s\n' "$2"
      ;;
    //*) printf '%s:%s\n' "${origin%%://*}" "$2" ;;
    /*) printf '%s%s\n' "$origin" "$2" ;;
    *) printf '%s/%s\n' "${1%/*}" "$2" ;;
  esac
}

# on_page URL FILE SHA256: the address of FILE as the page links it; nothing where the page has another file of the name.
on_page() {
  code=0
  curl_at "$1" --compressed --retry 2 --header 'Accept: application/vnd.pypi.simple.v1+html, text/html;q=0.9' \
    --output "$work/page.html" --write-out '%{url_effective}' >"$work/effective" 2>"$work/curl.err" || code=$?
  if [ "$code" -ne 0 ]; then
    if [ "$code" -eq 23 ]; then fail_to_write "$work"; fi
    echo "$(without_password "$1"): $(why "$code")" >>"$work/reasons"
    return
  fi
  hrefs "$work/page.html" | while IFS= read -r href; do
    path=${href%%#*}
    path=${path%%\?*}
    [ "${path##*/}" = "$2" ] || continue
    case $href in
      *'#sha256='*)
        if [ "${href##*#sha256=}" != "$3" ]; then
          echo "$(without_password "$1"): its $2 is another file" >>"$work/reasons"
          continue
        fi
        ;;
    esac
    base=$(cat "$work/effective")
    case $1 in *://*@*) base=$1 ;; esac
    absolute "$base" "${href%%#*}"
  done | sort -u >"$work/found"
  if [ ! -s "$work/found" ]; then echo "$(without_password "$1"): no $2" >>"$work/reasons"; fi
  cat "$work/found"
}

# wheel_addresses PROJECT FILE SHA256: every place that says it has the file, the nearest first; folders as paths.
wheel_addresses() {
  for link in $find_links; do
    case $link in
      http://* | https://*) on_page "$link" "$2" "$3" ;;
      *)
        folder=${link#file://}
        if [ -f "${folder%/}/$2" ]; then printf '%s\n' "${folder%/}/$2"; fi
        ;;
    esac
  done
  case $no_index in 1 | [yY]* | [tT]* | [oO][nN]) return ;; esac
  for index in $index_url $extra_index_urls; do
    on_page "${index%/}/$1/" "$2" "$3"
  done
}
