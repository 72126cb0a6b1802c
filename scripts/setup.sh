#!/usr/bin/env bash
# Installs the Debian packages that the tests drive: phones nobody here wrote,
# a load generator, a carrier, and PostgreSQL. Does nothing when they are there.
set -euo pipefail

declare -A package_of=(
  [baresip]=baresip-core
  [linphonec]=linphone-cli
  [sipp]=sip-tester
  [/usr/sbin/kamailio]=kamailio
  [/usr/lib/postgresql/*/bin/initdb]=postgresql
  [chromium]=chromium
  [gcc]=gcc
)
missing=()
for program in "${!package_of[@]}"; do
  if ! command -v "$program" >/dev/null && ! compgen -G "$program" >/dev/null; then
    missing+=("${package_of[$program]}")
  fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing: ${missing[*]}"
sudo=""
[ "$(id -u)" -eq 0 ] || sudo=sudo
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
