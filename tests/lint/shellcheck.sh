#!/usr/bin/env bash
# The shell scripts pass shellcheck.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"

if ! command -v shellcheck >/dev/null; then
	echo "skipped: needs shellcheck"
	exit 77
fi
mapfile -t scripts < <(find deploy tests .ci -type f \( -name '*.sh' -o -path .ci/run \) | sort)
exec shellcheck -x -S warning -e SC1091 "${scripts[@]}"
