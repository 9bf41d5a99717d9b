#!/usr/bin/env bash
# clang-tidy with .clang-tidy over src/, against the compile commands of a build directory.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
build=${LECTERN_BUILD:-build/dev}

if ! command -v clang-tidy >/dev/null; then
	echo "skipped: needs clang-tidy"
	exit 77
fi
if [ ! -f "$build/compile_commands.json" ]; then
	echo "skipped: $build has no compile_commands.json; build it first"
	exit 77
fi
sed -n 's|^ *"file": "\(.*/src/[a-z]*/[^"]*\.c\)".*|\1|p' "$build/compile_commands.json" | sort -u |
	timeout 900 xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option --warnings-as-errors='*' 2>&1 |
	{ grep -v 'warnings generated\|Suppressed .* warnings\|Use -header-filter' || true; }
