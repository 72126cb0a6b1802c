#!/usr/bin/env bash
# Installs what the tests drive: phones nobody here wrote, a load generator, a
# carrier, PostgreSQL and Chromium from Debian's packages, and the checker of
# accessibility from npm. Does nothing when they are there.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A package_of=(
  [baresip]=baresip-core
  [linphonec]=linphone-cli
  [sipp]=sip-tester
  [/usr/sbin/kamailio]=kamailio
  [/usr/lib/postgresql/*/bin/initdb]=postgresql
  [chromium]=chromium
  [gcc]=gcc
  [/usr/include/stdlib.h]=libc6-dev
  [npm]=npm
)
missing=()
for program in "${!package_of[@]}"; do
  if ! command -v "$program" >/dev/null && ! compgen -G "$program" >/dev/null; then
    missing+=("${package_of[$program]}")
  fi
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing: ${missing[*]}"
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
[ -e e2e/axe/node_modules/axe-core/axe.min.js ] || npm install --prefix e2e/axe --no-package-lock --no-audit --no-fund --silent
