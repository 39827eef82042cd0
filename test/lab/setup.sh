#!/bin/sh
# Makes the machine ready for `npm run demo`: Debian packages and node_modules. `npm test` and the others name
# the packages that they need beyond that. Does nothing, and says nothing, when all is there. No service is started.
set -eu

packages="openssh-server openssh-client nginx-light supervisor python3 python3-venv python3-pip
python3-setuptools python3-wheel virtualenv twine shellcheck mandoc busybox dash sudo git fish csh zsh
util-linux procps openssl iproute2 $*"

policy=/usr/sbin/policy-rc.d

missing_packages() {
  for package in $packages; do
    case $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) in
      installed) ;;
      *) printf '%s ' "$package" ;;
    esac
  done
}

# Runs a command as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

# A package with a service starts it when it is installed, unless policy-rc.d says 101 ("not allowed").
# A policy that is there already is the administrator's and stays.
forbid_services() {
  [ ! -e "$policy" ] || return 0
  trap 'as_root rm -f "$policy"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

services_not_here() {
  for service in ssh nginx supervisor; do
    [ -e "/etc/init.d/$service" ] || printf '%s ' "$service"
  done
}

# $1: names of packages, separated by spaces. Services that come with them do not start now, nor at boot.
install_packages() {
  printf 'setup: installing %s\n' "$1" >&2
  forbid_services
  unwanted=$(services_not_here)
  options='-qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0'
  # shellcheck disable=SC2086 # lists of words
  as_root env DEBIAN_FRONTEND=noninteractive sh -c \
    "apt-get $options update && apt-get $options install --yes --no-install-recommends $1" >&2 || {
    printf 'setup: apt-get could not install them; what it said stands above\n' >&2
    exit 2
  }
  for service in $unwanted; do
    as_root update-rc.d "$service" disable >&2
  done
}

# The lock file that npm leaves in node_modules says when that folder was last made whole.
modules_are_fresh() {
  [ -e node_modules/.package-lock.json ] &&
    [ -z "$(find package-lock.json -newer node_modules/.package-lock.json)" ]
}

cd "$(dirname "$0")/../.."

if ! command -v dpkg-query >/dev/null; then
  printf 'setup: this is no Debian system; what is needed are: %s\n' "$packages" >&2
  exit 2
fi
missing=$(missing_packages)
if [ -n "$missing" ]; then
  if ! may_install; then
    printf 'setup: packages are missing, and installing them needs root. Run this, then try again:\n' >&2
    printf '  sudo apt-get update && sudo apt-get install --yes --no-install-recommends %s\n' "$missing" >&2
    exit 2
  fi
  install_packages "$missing"
fi
if ! modules_are_fresh; then
  printf 'setup: npm ci\n' >&2
  npm ci --loglevel=error >&2
fi
