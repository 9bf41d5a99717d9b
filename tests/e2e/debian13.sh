#!/usr/bin/env bash
# Builds the project in a Debian 13 root, as a user without rights, and runs its tests there.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
source=$PWD
. deploy/steps.sh
. tests/e2e/container_root.sh
need_roots
root=$(trixie_with build test) || skip "could not make a Debian 13 root; is the mirror reachable?"

# The build directory stays for the next run: same paths, same times, so only changes are built.
work=$cache/work-13
(
	flock -n 9 || skip "another run is using $work"
	rm -rf "$work/source"
	mkdir -p "$work/source" "$work/build" "$work/tmp" "$root/work"
	tar -C "$source" --exclude=./build --exclude=./.git -cf - . | tar -C "$work/source" -xf -
	chown -R 65534:65534 "$work"
	unshare -m bash -euc '
		root=$1 work=$2
		mount --bind "$work" "$root/work"
		mount -t proc proc "$root/proc"
		mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" 2>/dev/null || true
		exec chroot --userspec=65534:65534 "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/work/tmp \
			TMPDIR=/work/tmp LC_ALL=C.UTF-8 bash -euc "
				cd /work/source
				cmake --preset dev -B /work/build -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
				cmake --build /work/build
				ctest --test-dir /work/build --output-on-failure --no-tests=error -j $(nproc) \
					-L \"^(unit|integration|e2e|interop|fuzz)\$\" -LE \"^system\$\"
			"
	' debian13 "$root" "$work"
) 9>"$cache/work-13.lock"
