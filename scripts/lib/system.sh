# shellcheck shell=sh
# System libraries and commands, through the distribution's package manager where we are root. Needs common.sh.

# What the build needs: pkg-config's name, the package of Debian and Ubuntu, of Fedora and its kin, of Homebrew.
system_libraries='libpng libpng-dev libpng-devel libpng
libjpeg libjpeg-dev libjpeg-turbo-devel jpeg-turbo
zlib zlib1g-dev zlib-devel zlib
expat libexpat1-dev expat-devel expat
dcmtk libdcmtk-dev dcmtk-devel dcmtk
charls libcharls-dev CharLS-devel charls
libopenjp2 libopenjp2-7-dev openjpeg2-devel openjpeg
sqlite3 libsqlite3-dev sqlite-devel sqlite'

# package_of DEBIAN FEDORA HOMEBREW: the one of this machine's package manager.
package_of() {
  if have apt-get; then echo "$1"; elif have dnf; then echo "$2"; else echo "$3"; fi
}

# has_library NAME. Debian's dcmtk.pc names libraries that its package does not bring and nothing here uses, so that
# pkg-config denies that DCMTK is there: its header says that it is.
has_library() {
  pkg-config --exists "$1" 2>/dev/null || { [ "$1" = dcmtk ] && [ -e /usr/include/dcmtk/dcmdata/dctk.h ]; }
}

# missing_packages COMMAND...: the packages of commands and libraries that are not there, on one line.
missing_packages() {
  for command; do
    if have "$command"; then continue; fi
    case $command in
      pkg-config) package_of pkg-config pkgconf-pkg-config pkgconf ;;
      *) echo "$command" ;;
    esac
  done
  printf '%s\n' "$system_libraries" | while read -r library debian fedora homebrew; do
    has_library "$library" || package_of "$debian" "$fedora" "$homebrew"
  done
  # curl comes without the certificates it needs.
  if have apt-get && [ ! -e /etc/ssl/certs/ca-certificates.crt ]; then echo ca-certificates; fi
}

# The command that installs packages here; empty where none is known.
install_command() {
  if have apt-get; then
    echo "apt-get install -y --no-install-recommends"
  elif have dnf; then
    echo "dnf install -y"
  elif have brew; then
    echo "brew install"
  fi
}

install_system_libraries() {
  missing=$(missing_packages pkg-config curl unzip git | tr '\n' ' ' | sed 's/ $//')
  if [ -z "$missing" ]; then return; fi
  command=$(install_command)
  if [ -z "$command" ]; then fail "system packages are missing: install $missing, then run this again"; fi
  case $command in apt-get* | dnf*)
    if [ "$(id -u)" -ne 0 ]; then fail "system packages are missing: sudo $command $missing, then run this again"; fi
    ;;
  esac
  note "installing $missing"
  # Package lists first: those of a fresh image are empty or old.
  # shellcheck disable=SC2086  # several words each
  if ! {
    case $command in apt-get*) apt-get update -q ;; esac
    DEBIAN_FRONTEND=noninteractive $command $missing
  } >&2 </dev/null; then
    fail "system packages could not be installed: connect to the package servers and try $command $missing"
  fi
}

# require_commands COMMAND...
require_commands() {
  for command; do
    have "$command" || fail "$command is missing: install it, then run this again"
  done
}

# Swift of the version that Package.swift asks for, or a line on how to get it.
require_swift() {
  wanted=$(sed -n '1s/.*swift-tools-version: *//p' "$1/Package.swift")
  remedy="install it from https://www.swift.org/install, then run this again"
  have swift || fail "Swift $wanted or later is missing (no swift in PATH): $remedy"
  found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
  [ -n "$found" ] || fail "swift does not run: $remedy"
  printf '%s %s\n' "$found" "$wanted" | awk '{
    split($1, a, "."); split($2, b, ".")
    exit !(a[1] > b[1] || (a[1] == b[1] && a[2] + 0 >= b[2] + 0))
  }' || fail "Swift $wanted or later is missing (this is $found): $remedy"
}
