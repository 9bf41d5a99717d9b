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
#
# The calls are made on the same machine and take processors from the server. So of its own servers it
# also prints how many processors the server got in each of the two runs and what one second of a
# processor brought: where that stays, the server wastes nothing on what it refuses, and a lower goodput
# is what the calls have taken from it. NICE=19 lets the server go first.
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

# cpu_s: the processor time that the server has had.
cpu_s() {
	local fields
	if [ "${#servers[@]}" -eq 0 ]; then
		echo 0
		return
	fi
	read -r -a fields <"/proc/${servers[-1]}/stat"
	echo "$((fields[13] + fields[14])) / $(getconf CLK_TCK)"
}

# bench OPTION...: the numbers of one run, with cpus: how many processors the server had.
bench() {
	local before result
	# Not in the warm-up of the measured run, whose processor time would count.
	lectern bench -o json --duration 2 "$@" >/dev/null
	before=$(cpu_s)
	result=$(nice -n "${NICE:-0}" lectern bench -o json --duration "$seconds" "$@")
	jq ".cpus = (($(cpu_s)) - ($before)) / .elapsed_s" <<<"$result"
}

[ $# -gt 0 ] || set -- get archive list batch search mix
format='%-8s %9s %9s %9s %6s %9s %9s %9s %9s %9s %9s\n'
# shellcheck disable=SC2059
printf "$format" method peak/s offered/s goodput/s ratio p99_ms refused/s no_answer \
	peak_cpus cpus per_cpu
for method; do
	peak=$(bench --method "$method" --connections 16 --in-flight 4)
	rate=$(jq '.goodput_per_s * 3 | ceil' <<<"$peak")
	bench --method "$method" --connections 64 --in-flight 64 --rate "$rate" |
		jq -r --arg method "$method" --argjson peak "$peak" '
			def short: . * 100 | round / 100;
			(.goodput_per_s / $peak.goodput_per_s) as $ratio |
			[$method, ($peak.goodput_per_s | round), (.offered / .elapsed_s | round),
			(.goodput_per_s | round), ($ratio | short), .succeeded.p99_ms,
			(.refused.count / .elapsed_s | round), .unanswered + .unsent,
			($peak.cpus | short), (.cpus | short),
			(if .cpus > 0 then $ratio * $peak.cpus / .cpus | short else "-" end)] | @tsv' |
		while IFS=$'\t' read -r -a row; do
			# shellcheck disable=SC2059
			printf "$format" "${row[@]}"
		done
done
