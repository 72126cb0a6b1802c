#!/usr/bin/env bash
# Measures how much a server carries, and prints the top ten of its profiles.
# Arguments go to "hotdesk bench": what to measure, --rounds, --time, --binary.
set -euo pipefail
cd "$(dirname "$0")/.."

CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/...
profiles=$(mktemp -d)
trap 'rm -rf "$profiles"' EXIT
bin/hotdesk bench --profiles "$profiles" "$@"
for profile in "$profiles"/*.cpu; do
  [[ -e $profile ]] || continue
  printf '\n%s\n' "$(basename "$profile" .cpu)"
  go tool pprof -top -nodecount=10 "$profile" 2>/dev/null | tail -n +6
done
