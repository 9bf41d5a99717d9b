#!/usr/bin/env bash
# What becomes of a server that gets three times as many calls as it can answer: finds the peak by
# calls that follow answers, then offers three times that at random times, and prints both. Nothing
# passes or fails here.
#
#   overload.sh [METHOD...]   get archive list batch search mix; the default is all that read
#
# The server is the one of LECTERN_SERVER, or one of its own with the posts of LECTERN_BENCH_POSTS (a
# file or folder that `lectern import auto` takes), else with made ones. SECONDS_EACH is how long each
# run is measured, 10 by default.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/release/bin}
. deploy/steps.sh
command -v jq >/dev/null || die "needs jq"
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH"
seconds=${SECONDS_EACH:-10}

# made_posts: a few hundred posts of some kilobytes, in the form of `lectern batch`.
made_posts() {
	local words=(garden river stone winter letter bridge mirror harbour lantern meadow copper signal)
	local i j text
	for ((i = 0; i < 500; i++)); do
		text=
		for ((j = 0; j < 400; j++)); do
			text+="${words[$(((i * 7 + j * j + j) % 12))]}$((j % 9 == 0 ? i % 50 : 0)) "
		done
		jq -cn --arg title "${words[$((i % 12))]} $i" --arg body "$text" --arg tag "${words[$((i % 5))]}" \
			'{method: "PostService/CreatePost", request: {createMissingTerms: true,
			post: {title: $title, body: $body, state: "POST_STATE_PUBLISHED", tags: [{name: $tag}]}}}'
	done
}

if [ -z "${LECTERN_SERVER:-}" ]; then
	start bench tcp://127.0.0.1:0
	if [ -n "${LECTERN_BENCH_POSTS:-}" ]; then
		lectern import auto "$LECTERN_BENCH_POSTS" | tail -n 1
	else
		made_posts | lectern batch >/dev/null
	fi
fi

# bench OPTION...: the numbers of one run.
bench() {
	lectern bench -o json --duration "$seconds" --warmup 2 "$@"
}

[ $# -gt 0 ] || set -- get archive list batch search mix
printf '%-8s %9s %9s %9s %6s %9s %9s %9s\n' \
	method peak/s offered/s goodput/s ratio p99_ms refused/s no_answer
for method; do
	peak=$(bench --method "$method" --connections 16 --in-flight 4 | jq '.goodput_per_s')
	rate=$(jq -n "$peak * 3 | ceil")
	bench --method "$method" --connections 64 --in-flight 64 --rate "$rate" |
		jq -r --arg method "$method" --argjson peak "$peak" '[$method, ($peak | round),
			(.offered / .elapsed_s | round), (.goodput_per_s | round),
			(.goodput_per_s / $peak * 100 | round / 100), .succeeded.p99_ms,
			(.refused.count / .elapsed_s | round), .unanswered + .unsent] | @tsv' |
		while IFS=$'\t' read -r -a row; do
			printf '%-8s %9s %9s %9s %6s %9s %9s %9s\n' "${row[@]}"
		done
done
