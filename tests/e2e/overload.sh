#!/usr/bin/env bash
# Three times the load that a server can serve, of calls that cost it something: what it accepts it
# answers in time, the rest it refuses, and nobody waits in vain. The bounds are generous: this is no
# benchmark.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
command -v jq >/dev/null || {
	echo "skipped: needs jq"
	exit 77
}
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH"

# None of these replies is kept: each costs what it costs.
start overload "ipc://$work/overload.sock" --reply-cache 0
for ((i = 0; i < 300; i++)); do
	printf '{"method": "PostService/CreatePost", "request": {"createMissingTerms": true, "post": {'
	printf '"title": "Post %d", "body": "The river %d %s", ' "$i" "$i" "$(seq -s ' word' 1 200)"
	printf '"state": "POST_STATE_PUBLISHED", "tags": [{"name": "all"}]}}}\n'
done >"$work/posts"
lectern batch "$work/posts" >"$work/answers" || die "$(tail -n 1 "$work/answers")"

# bench OPTION...: the numbers of a page of a thousand posts, whole.
bench() {
	lectern bench -o json --timeout 2000 --duration 3 --method ArchiveService/GetArchive \
		--request '{"kind": "ARCHIVE_KIND_TAG", "term": {"slug": "all"}, "pageSize": 1000,
			"view": "POST_VIEW_HTML"}' "$@"
}

peak=$(bench --connections 4 --in-flight 4 | jq .goodput_per_s)
bench --connections 16 --in-flight 64 --warmup 1 --rate "$(jq -n "$peak * 3 | ceil")" >"$work/numbers"
echo "peak $peak/s; three times as many offered:"
cat "$work/numbers"
jq -e --argjson peak "$peak" '.goodput_per_s > $peak / 10' "$work/numbers" >/dev/null ||
	die "of $peak calls a second too few are answered in time under overload"
jq -e '.errors | keys - ["RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "UNAVAILABLE"] == []' "$work/numbers" >/dev/null ||
	die "other errors than refusals"
# What could not be sent in time is the generator's own affair.
jq -e '.unanswered <= .offered / 10' "$work/numbers" >/dev/null || die "too many calls had no answer"
[ "$(lectern health)" = SERVING ] || die "the server does not serve afterwards"

# A server that goes away ends the measurement with the status of UNAVAILABLE.
bench >"$work/numbers" 2>"$work/error" &
sleep 1
stop
status=0
wait $! || status=$?
[ "$status" = 78 ] || die "without a server bench ended with status $status"
[ -s "$work/error" ] || die "bench does not say that the server has gone"
jq -e '.goodput_per_s > 0' "$work/numbers" >/dev/null || die "bench keeps its numbers for itself"
