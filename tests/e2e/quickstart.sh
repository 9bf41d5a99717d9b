#!/usr/bin/env bash
# Runs deploy/quickstart.sh twice in a bare Debian root, as a stranger would after cloning.
# Argument: the suite, bookworm or trixie.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
suite=${1:-trixie}
. deploy/steps.sh
. tests/e2e/container_root.sh
need_roots
base=$(debian_base "$suite") || skip "could not make a root of $suite; is the mirror reachable?"
work=$(mktemp -d "$cache/quickstart-$suite.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp -a "$base" "$work/root"
find "$work/root/tmp" -mindepth 1 -delete # whatever somebody has tried in the cached root
cp -L /etc/resolv.conf "$work/root/etc/resolv.conf"
copy_sources "$work/work/lectern"

in_root "$work/root" 0:0 "$work/work" '
	cd /
	/work/lectern/deploy/quickstart.sh >/work/first 2>&1 || { cat /work/first; exit 1; }
	cat /work/first
	# The second time there is nothing to install, and it works from another directory.
	cd /tmp
	/work/lectern/deploy/quickstart.sh >/work/second 2>&1 || { cat /work/second; exit 1; }
	if grep installing /work/second; then exit 1; fi
	ls -A /tmp >/work/left
'
expect() {
	grep -q -- "$1" "$work/work/first" || die "quickstart does not show \"$1\""
}
expect 'lecternd is ready on tcp://127.0.0.1:'
expect 'The N+1 query, with a pencil'
expect 'Counting without lying'
expect 'Ask for what comes after'
expect 'The server has stopped'
[ ! -s "$work/work/left" ] || die "left in /tmp: $(cat "$work/work/left")"
