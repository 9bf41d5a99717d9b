#!/usr/bin/env bash
# Made posts: the same options give the same bytes, each post stands by itself, a server takes all of
# them, and a store of them is made once.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
for need in jq flock; do
	command -v $need >/dev/null || {
		echo "skipped: needs $need"
		exit 77
	}
done
generate=$bin/../tests/bench.generate
[ -x "$generate" ] || {
	echo "skipped: built without -DLECTERN_BENCH=ON"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fails STATUS COMMAND...
fails() {
	local status=0
	"${@:2}" >/dev/null 2>&1 || status=$?
	[ "$status" = "$1" ] || die "${*:2}: status $status, expected $1"
}

# --- The generator ---

"$generate" --posts 400 >"$work/posts"
"$generate" --posts 400 --seed 1 | cmp - "$work/posts" || die "another run gives other posts"
! "$generate" --posts 400 --seed 2 | cmp -s - "$work/posts" || die "the seed changes nothing"
! "$generate" --posts 400 --shuffled | cmp -s - "$work/posts" || die "--shuffled changes nothing"
for first in 0 7 399; do
	cmp <("$generate" --posts 1 --first $first --total 400 | tail -n 1) \
		<(grep '^{"post"' "$work/posts" | sed -n "$((first + 1))p") || die "post $first by itself differs"
done
grep '^{"post"' "$work/posts" | jq -c .post >"$work/each"
[ "$(wc -l <"$work/each")" = 400 ] || die "not 400 posts"
[ "$(jq -r .slug "$work/each" | sort -u | wc -l)" = 400 ] || die "two posts with one slug"
jq -es '(map(.body | utf8bytelength) | sort) as $sizes | $sizes[200] > 4500 and $sizes[200] < 7200 and
	$sizes[399] > 15000 and all(.[]; .tags | length >= 1 and length <= 8 and (map(.slug) | unique | length) == length) and
	(map(select(.state == "POST_STATE_DRAFT")) | length) as $drafts | $drafts > 2 and $drafts < 30' \
	"$work/each" >/dev/null || die "the posts are not as real ones"
[ "$("$generate" --words 0,1,65535 | sort -u | wc -l)" = 3 ] || die "--words"
fails 2 "$generate" --posts x
fails 2 "$generate" --posts
fails 2 "$generate" --body-bytes 999
fails 2 "$generate" --words 65536
fails 2 "$generate" surplus
fails 1 bash -c "'$generate' --posts 400 >/dev/full"

# --- Stores of them ---

export LECTERN_BENCH_DIR=$work/bench
. tests/bench/corpus.sh
data=$(corpus 300 --body-bytes 2500)
[ "$(jq -c '[.posts, .options]' "$data/../import.json")" = '[300,"--posts 300 --body-bytes 2500"]' ] ||
	die "the import's figures: $(cat "$data/../import.json")"
stamp=$(stat -c %Y.%i "$data/data.mdb")
[ "$(corpus 300 --body-bytes 2500)" = "$data" ] || die "a second store is made"
[ "$(stat -c %Y.%i "$data/data.mdb")" = "$stamp" ] || die "the store is made again"
[ "$(corpus_name 300)" != "$(corpus_name 300 --body-bytes 2500)" ] || die "other posts, the same store"
# One that was broken off has no figures yet.
rm "$data/../import.json"
[ "$(corpus 300 --body-bytes 2500)" = "$data" ] && [ -e "$data/../import.json" ] ||
	die "half a store is taken for a whole one"

# --- Their size ---

lecternd="$bin/lecternd"
"$lecternd" --data "$data" --listen "ipc://$work/rpc" >"$work/log" 2>&1 </dev/null &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
wait_for_ready "$server" "$work/log" >/dev/null || die "lecternd did not become ready"
"$bin/lectern" --server "ipc://$work/rpc" check >/dev/null || die "the store is not sound"
if [ -x "$bin/../tests/bench.values" ]; then
	"$bin/../tests/bench.values" --server "ipc://$work/rpc" --view full >"$work/values"
	mean=$((($(stat -c %s "$work/values") / 291) - 12))
	[ "$mean" -gt 2350 ] && [ "$mean" -lt 2650 ] || die "a post has $mean bytes, not about 2500"
fi

# --- Single calls with a cold cache ---

printf '{"id":"%d"}\n' {1..20} >"$work/requests"
cold=$("$bin/../tests/bench.cold" --server "ipc://$work/rpc" --method PostService/GetPost \
	--requests "$work/requests" --file "$data/data.mdb" --pid "$server") || {
	echo "cold calls not checked: the system does not let this process take a server's pages out of memory"
	exit 0
}
jq -e '.requests == 20 and .failed == 0 and .p50_us > 0 and .response_bytes > 20000' <<<"$cold" \
	>/dev/null || die "bench.cold: $cold"
