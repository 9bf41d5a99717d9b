#!/usr/bin/env bash
# Builds the project in a Debian 13 root, as a user without rights, and runs its tests there.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
. deploy/steps.sh
. tests/e2e/container_root.sh
need_roots
root=$(debian_with trixie build test) || skip "could not make a Debian 13 root; is the mirror reachable?"

# The build directory stays for the next run: same paths, same times, so only changes are built.
work=$cache/work-13
exec 9>"$cache/work-13.lock"
flock -n 9 || skip "another run is using $work"
rm -rf "$work/source"
mkdir -p "$work/build"
copy_sources "$work/source"
chown -R 65534:65534 "$work"
in_root "$root" 65534:65534 "$work" '
	cd /work/source
	cmake --preset dev -B /work/build -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
	cmake --build /work/build
	ctest --test-dir /work/build --output-on-failure --no-tests=error -j "$(nproc)" \
		-L "^(unit|integration|e2e|fuzz)$" -LE "^system$"
'
