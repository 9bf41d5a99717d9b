#!/usr/bin/env bash
# A server under mixed load for long, beside clients that it has to bear: does it answer everybody who
# behaves, and does it stay as large as it was? soak.sh [SECONDS], 600 by default.
#
# Every few seconds it notes private memory (what is the server's alone; the pages of the store's map
# are the page cache's), open files and threads. A line is fitted to the second half of each: it may
# rise by MEMORY_KB, FILES and THREADS over that half. When all clients have gone the server has no more
# than FILES_LEFT open files above what it had before they came.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/release/bin}
. deploy/steps.sh
for tool in curl jq python3; do
	command -v "$tool" >/dev/null || {
		echo "skipped: needs $tool"
		exit 77
	}
done
seconds=${1:-600}
if ! [[ $seconds =~ ^[0-9]+$ ]] || [ "$seconds" -lt 30 ]; then
	die "$seconds: at least 30 seconds"
fi
MEMORY_KB=8192 FILES=24 FILES_LEFT=4 THREADS=2 SAMPLE_S=3
work=$(mktemp -d)
. tests/e2e/server.sh
others=()
trap '[ "${#others[@]}" = 0 ] || kill "${others[@]}" 2>/dev/null || true; kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH"
failed=0

complain() {
	printf '%s\n' "$*"
	failed=1
}

export LECTERND_TOKENS=$work/tokens LECTERN_TOKEN_FILE=$work/token
lectern token create soak --scope admin >"$LECTERN_TOKEN_FILE" 2>/dev/null
token=$(cat "$LECTERN_TOKEN_FILE")
start soak "ipc://$work/rpc.sock" --listen tcp://127.0.0.1:0 --publish "ipc://$work/feed.sock" \
	--http 127.0.0.1:0 --log-format json --log-calls none --max-connections 64 --revisions-kept 5
export LECTERN_SERVER=ipc://$work/rpc.sock
server=${servers[-1]}
rpc=$(sed -n 's/.*tcp:\/\/\(127\.0\.0\.1:[0-9]*\).*/\1/p' "$work/soak.log" | head -n 1)
http=$(sed -n 's/.*"msg":"ready".*"http":"http:\/\/\([^"]*\)".*/\1/p' "$work/soak.log")
if [ -z "$rpc" ] || [ -z "$http" ]; then
	die "no addresses in $(cat "$work/soak.log")"
fi
for ((i = 0; i < 400; i++)); do
	printf '{"method": "PostService/CreatePost", "request": {"createMissingTerms": true, "post": {'
	printf '"title": "Post %d", "body": "The river %d %s", ' "$i" "$i" "$(seq -s ' word' 1 500)"
	printf '"state": "POST_STATE_PUBLISHED", "tags": [{"name": "all"}]}}}\n'
done >"$work/posts"
lectern batch "$work/posts" >"$work/answers" || die "$(tail -n 1 "$work/answers")"

over=$work/over
# behind COMMAND...: beside the rest, with its output in a file named after it.
behind() {
	"$@" >"$work/$1.out" 2>"$work/$1.err" </dev/null &
	others+=($!)
}

# load NAME ADDRESS METHOD RATE: calls at random times.
load() {
	lectern --server "$2" -o json bench --method "$3" --rate "$4" --connections 4 --in-flight 16 \
		--timeout 10000 --duration "$seconds"
}
read_load() { load read "ipc://$work/rpc.sock" mix 200; }
search_load() { load search "tcp://$rpc" search 20; }
archive_load() { load archive "tcp://$rpc" archive 5; }
write_load() { load write "ipc://$work/rpc.sock" write 10; }

follow() {
	exec lectern -o jsonl watch --since 0 --feed "ipc://$work/feed.sock"
}

post() {
	curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "${@:3}" \
		--data "$2" "http://$http/lectern.v1.$1"
}

# Each line is one call that was not answered as it should be.
call_http() {
	local status calls=0
	while [ ! -e "$over" ]; do
		for path in /livez /readyz /metrics /feeds/all.atom; do
			status=$(curl -sS -m 10 -o "$work/body" -w '%{http_code}' \
				-H "Authorization: Bearer $token" "http://$http$path") || true
			[ "$status" = 200 ] || echo "GET $path: $status"
			calls=$((calls + 1))
		done
		post PostService/ListPosts '{"pageSize": 5}' -m 10 >"$work/page" || true
		jq -e '.posts | length == 5' "$work/page" >/dev/null || echo "ListPosts: $(head -c 300 "$work/page")"
		calls=$((calls + 1))
	done
	echo "$calls" >"$work/http.calls"
}

# Long polls whose callers leave.
leave_http() {
	while [ ! -e "$over" ]; do
		post ChangeService/ListChanges '{"afterRevision": "1000000000", "waitMs": 20000}' -m 0.3 || true
	done
}

come_and_go() {
	local calls=0
	while [ ! -e "$over" ]; do
		[ "$(lectern --server "tcp://$rpc" health 2>&1)" = SERVING ] || echo "health failed"
		calls=$((calls + 1))
		sleep 0.1
	done
	echo "$calls" >"$work/health.calls"
}

# sample: seconds, private memory in KiB, open files, threads.
sample() {
	local files=(/proc/"$server"/fd/*) threads=(/proc/"$server"/task/*)
	printf '%d\t%d\t%d\t%d\n' "$SECONDS" \
		"$(awk '/^Private_Dirty|^Swap:/ { sum += $2 } END { print sum }' "/proc/$server/smaps_rollup")" \
		"${#files[@]}" "${#threads[@]}"
}

hostile() { exec python3 tests/e2e/soak_hostile.py "$rpc" "$http" "$token" "$over"; }

sample >"$work/before"
loads=(read_load search_load archive_load write_load)
for name in "${loads[@]}"; do
	behind "$name"
done
bench_pids=("${others[@]}")
behind follow
watcher=${others[-1]}
behind call_http
behind leave_http
behind come_and_go
behind hostile
printf '%8s %12s %6s %8s\n' seconds private_kB files threads
SECONDS=0
while [ "$SECONDS" -lt "$seconds" ]; do
	kill -0 "$server" 2>/dev/null || die "the server has ended: $(tail -n 5 "$work/soak.log")"
	sample >"$work/sample"
	cat "$work/sample" >>"$work/samples"
	IFS=$'\t' read -r -a row <"$work/sample"
	printf '%8d %12d %6d %8d\n' "${row[@]}"
	sleep "$SAMPLE_S"
done
for pid in "${bench_pids[@]}"; do
	wait "$pid" || complain "a load ended with status $?"
done
touch "$over"
for pid in "${others[@]}"; do
	[ "$pid" = "$watcher" ] || wait "$pid" || true
done

echo
printf '%-14s %9s %9s %9s %9s %9s\n' load offered answered refused p50_ms p99_ms
for name in "${loads[@]}"; do
	jq -r --arg name "$name" '[$name, .offered, .succeeded.count, .refused.count, .succeeded.p50_ms,
		.succeeded.p99_ms] | @tsv' "$work/$name.out" | while IFS=$'\t' read -r -a row; do
		printf '%-14s %9s %9s %9s %9s %9s\n' "${row[@]}"
	done
	jq -e '.errors == {} and .unanswered == 0 and .unsent == 0' "$work/$name.out" >/dev/null ||
		complain "$name: not all were answered: $(jq -c '{errors, unanswered, unsent}' "$work/$name.out")"
done
for name in call_http come_and_go; do
	[ ! -s "$work/$name.out" ] || complain "$name: $(wc -l <"$work/$name.out") failed, first: $(head -n 1 "$work/$name.out")"
done
echo "HTTP $(cat "$work/http.calls") calls, health over new connections $(cat "$work/health.calls")"
echo "hostile: $(cat "$work/hostile.out" "$work/hostile.err")"

# The watch has every change, once each and in order.
kill -0 "$watcher" 2>/dev/null || complain "the watch has ended: $(cat "$work/follow.err")"
revision=$(lectern -o json stats | jq -r .revision)
for ((i = 0; i < 100; i++)); do
	[ "$(tail -n 1 "$work/follow.out" | jq -r .revision 2>/dev/null)" != "$revision" ] || break
	sleep 0.1
done
kill "$watcher" 2>/dev/null || true
jq -n --argjson last "$revision" '[inputs.revision | tonumber] |
	if . == (sort | unique) and .[-1] == $last then length else error("not every change in order") end' \
	"$work/follow.out" >"$work/changes" 2>&1 || complain "watch: $(tail -c 300 "$work/changes")"
echo "watch: $(cat "$work/changes") changes"

# rise COLUMN: of a line fitted to the second half of the samples, over that half.
rise() {
	awk -v column="$1" -v half="$((seconds / 2))" '$1 >= half { n++; x += $1; y += $column
		xx += $1 * $1; xy += $1 * $column; last = $1; if (n == 1) first = $1 }
		END { d = n * xx - x * x; printf "%.1f", d == 0 ? 0 : (n * xy - x * y) / d * (last - first) }' "$work/samples"
}
# flat NAME COLUMN BOUND
flat() {
	local rise
	rise=$(rise "$2")
	echo "$1: $rise over the second half, at most $3"
	awk -v rise="$rise" -v bound="$3" 'BEGIN { exit !(rise <= bound) }' || complain "$1: rises"
}
flat private_kB 2 "$MEMORY_KB"
flat files 3 "$FILES"
flat threads 4 "$THREADS"
# Whoever was cut off is given up after a while only.
files_before=$(cut -f 3 "$work/before")
for ((i = 0; i < 60; i++)); do
	sample >"$work/after"
	[ "$(cut -f 3 "$work/after")" -gt "$((files_before + FILES_LEFT))" ] || break
	sleep 1
done
printf 'before: %s\nafter:  %s (seconds, private_kB, files, threads)\n' "$(cat "$work/before")" "$(cat "$work/after")"
[ "$(cut -f 3 "$work/after")" -le "$((files_before + FILES_LEFT))" ] ||
	complain "files stay open that nobody uses"
lectern -o json check >"$work/check" 2>&1 || complain "check: $(tail -n 3 "$work/check")"
! grep -E '"level":"error"' "$work/soak.log" || complain "errors in the log"
stop
[ "$failed" = 0 ] && echo "the soak has passed"
exit "$failed"
