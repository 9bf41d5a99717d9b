#!/usr/bin/env bash
# Builds the project in a Debian 13 root, as a user without rights, and runs its tests there.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
. deploy/steps.sh
. tests/e2e/container_root.sh
need_roots
root=$(debian_with trixie build test) || skip "could not make a Debian 13 root; is the mirror reachable?"

# The build directory stays for the next run, whichever tree that is run from: files whose content is
# the same keep their times, all others are new.
work=$cache/work-13
exec 9>"$cache/work-13.lock"
flock -n 9 || skip "another run is using $work"
rm -rf "$work/source.new"
mkdir -p "$work/build" "$work/source"
copy_sources "$work/source.new"
while IFS= read -r -d '' file; do
	if cmp -s "$work/source.new/$file" "$work/source/$file"; then
		touch -r "$work/source/$file" "$work/source.new/$file"
	else
		touch "$work/source.new/$file"
	fi
done < <(cd "$work/source.new" && find . -type f -print0)
rm -rf "$work/source"
mv "$work/source.new" "$work/source"
chown -R 65534:65534 "$work"
in_root "$root" 65534:65534 "$work" '
	cd /work/source
	{
		cmake --preset dev -B /work/build -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
		cmake --build /work/build
	} >/work/build.log 2>&1 || {
		tail -n 60 /work/build.log
		exit 1
	}
	# What no library of the release has a part in, and long random runs, are not tried again.
	ctest --test-dir /work/build --output-on-failure --no-tests=error -j "$(nproc)" \
		-L "^(unit|integration|e2e|fuzz)$" -LE "^system$" \
		-E "^(base|analysis|cli|exporters|importers|fuzz)\.|^store\.(power_cut|pages_damage)$|^rpc\.reply_cache$|^services\.(html_bounds|html_random|time_zone|search_.*|page|archive_pages|filter_random|import_random)$|^e2e\.(18f|clock|damaged|import.*|manifests|migration|options|query_oracle|overload|readme|systemd|watch)$"
'
