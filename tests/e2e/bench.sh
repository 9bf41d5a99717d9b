#!/usr/bin/env bash
# lectern bench with requests of one's own: which of them are sent, how often, and what is wrong with
# those that are not.
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

start bench
lectern post create --title First --state published >/dev/null

# bench OPTION...: a second of calls; the numbers are in $work/numbers.
bench() {
	lectern bench -o json --timeout 5000 --duration 1 --connections 2 --in-flight 2 "$@" >"$work/numbers" \
		2>"$work/error" || die "bench $*: $(cat "$work/error")"
}

# check FILTER: of the numbers.
check() {
	jq -e "$1" "$work/numbers" >/dev/null || die "not so: $1 in $(cat "$work/numbers")"
}

# Of two requests one fails: half of the calls, and by Zipf's law two of three where it comes first.
printf '%s\n\n%s\n' '{"slug": "none"}' '{"slug": "first", "view": "POST_VIEW_FULL"}' >"$work/requests"
bench --method PostService/GetPost --requests "$work/requests"
share='(.errors.NOT_FOUND / (.errors.NOT_FOUND + .succeeded.count))'
check "$share > 0.4 and $share < 0.6"
bench --method PostService/GetPost --requests - --zipf <"$work/requests"
check "$share > 0.57 and $share < 0.77"

# The numbers are whole.
check '[.succeeded | .p50_ms, .p90_ms, .p99_ms, .p999_ms, .max_ms] | . == sort and .[0] > 0'
check '.received_bytes > .succeeded.count and .elapsed_s > 0.5 and .unanswered == 0 and .unsent == 0'

# A number of its own in each call: else the second post of that slug would be refused.
printf '{"post": {"title": "Made", "slug": "made-0123456789abcdef"}}\n' >"$work/requests"
bench --method PostService/CreatePost --requests "$work/requests"
check '.succeeded.count > 1 and .errors == {}'

# refused TEXT: the requests on standard input are.
refused() {
	local status=0
	lectern bench --method PostService/GetPost --requests - --duration 1 >"$work/numbers" 2>"$work/error" ||
		status=$?
	[ "$status" = 2 ] || die "ended with status $status and not 2, for: $1"
	grep -qF -- "$1" "$work/error" || die "no \"$1\" in: $(cat "$work/error")"
}
printf '{"slug": "a"}\n{"slugg": "b"}\n' | refused 'standard input:2: '
seq -f '{"id": %.0f}' 1 23001 | refused 'standard input:23001: at most 23000 requests'
stop
