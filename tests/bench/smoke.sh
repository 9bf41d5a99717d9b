#!/usr/bin/env bash
# tests/bench/run.sh works: the row `get` for a second with few posts. Nothing here depends on how
# fast anything is.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
export LECTERN_BIN=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
for program in jq "$LECTERN_BIN"/../tests/bench.{generate,record,echo,load,values}; do
	command -v "$program" >/dev/null || {
		echo "skipped: needs $program; the latter are built with -DLECTERN_BENCH=ON"
		exit 77
	}
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LECTERN_BENCH_POSTS=300 LECTERN_BENCH_DIR=$work/stores TMPDIR=$work/temporary
mkdir "$TMPDIR"

# check FILTER: of the result.
check() {
	jq -e "$1" "$work/results/get.json" >/dev/null || {
		cat "$work/results/get.json"
		die "not so: $1"
	}
}

# run OPTION...: of run.sh; nothing of it may stay behind.
run() {
	tests/bench/run.sh --results "$work/results" "$@" >"$work/output" 2>&1 || {
		cat "$work/output"
		die "run.sh $* failed"
	}
	[ -z "$(ls -A "$TMPDIR")" ] || die "run.sh $* leaves files: $(ls -A "$TMPDIR")"
}

run --list
for row in tests/bench/rows/*.sh; do
	grep -q "^$(basename "$row" .sh) " "$work/output" || die "--list does not tell of $row"
done

for load in '' nng; do
	LECTERN_BENCH_LOAD=$load run --rounds 1 --seconds 1 --warmup 0 get
	check '.contestants | keys_unsorted == ["lecternd", "lecternd_uncached", "echo"]'
	check '[.contestants[].rounds | length] == [1, 1, 1]'
	check '[.contestants[].rounds[0]] | all(.requests > 0 and .failed == 0 and .elapsed_s > 0.5)'
	check '[.contestants[].rounds[0]] | all(0 < .p50_us and .p50_us <= .p99_us and .p99_us <= .p999_us)'
	check '[.contestants[].median] | all(.server_cpu_us_per_request > 0 and .load_cpu_us_per_request > 0)'
	check '[.contestants[].median] | all(.rss_bytes > .private_bytes and .private_bytes > 0)'
	# The echo has only one of the answers.
	check '[.contestants[].median | .response_bytes / .requests] | .[0] / .[2] | 0.8 < . and . < 1.25'
	check '.ratios | keys == ["echo", "lecternd_uncached/echo"]'
	check '.ratios[] | .requests_per_s > 0 and .server_cpu_us_per_request > 0'
	check '.machine.processors > 0 and (.commit | length > 0) and .seconds == 1'
	grep -q '^| `get` | lecternd | [0-9.]* ' "$work/results/table.md" || die "no row in table.md"
done

# What is wrong is said: a row that is not there, and programs that are not.
expect() { # STATUS TEXT ARGUMENT...
	local status=0
	tests/bench/run.sh --results "$work/none" "${@:3}" >"$work/output" 2>&1 || status=$?
	if [ "$status" != "$1" ] || ! grep -qF -- "$2" "$work/output"; then
		cat "$work/output"
		die "run.sh ${*:3}: ended with status $status and not $1, or without \"$2\""
	fi
}
expect 1 'there is no row nothing' nothing
expect 1 '--rounds needs a number' --rounds many
mkdir -p "$work/build/bin" "$work/build/tests"
ln -s "$LECTERN_BIN"/* "$work/build/bin/"
ln -s "$LECTERN_BIN/../tests/bench.generate" "$work/build/tests/"
LECTERN_BIN=$work/build/bin expect 0 'skipped: needs bench.load bench.echo bench.record' get

# Calls that fail are counted as such, and a server of another protocol is not measured.
. tests/e2e/server.sh
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$LECTERN_BIN:$LECTERN_BIN/../tests:$PATH"
start load tcp://127.0.0.1:0
lectern post create --title First --state published >/dev/null
printf '%s\n' '{"slug": "first", "view": "POST_VIEW_FULL"}' '{"slug": "none", "view": "POST_VIEW_FULL"}' >"$work/half"

# half PROTOCOL SERVER: about one call of two fails.
half() {
	bench.load --protocol "$1" --server "$2" --method PostService/GetPost --requests "$work/half" --seconds 1 \
		>"$work/numbers"
	jq -e '.failed / (.requests + .failed) | 0.4 < . and . < 0.6' "$work/numbers" >/dev/null ||
		die "$1: not half of the calls have failed: $(cat "$work/numbers")"
	jq -e '.response_bytes / .requests > 40' "$work/numbers" >/dev/null || die "$1: the answers are empty"
}
half sp "$LECTERN_SERVER"
if command -v bench.grpc_server >/dev/null; then
	mkdir "$work/grpc"
	bench.values --server "$LECTERN_SERVER" --view full | bench.grpc_server load "$work/grpc"
	: >"$work/grpc.log"
	bench.grpc_server serve "$work/grpc" >"$work/grpc.log" 2>&1 </dev/null &
	servers+=($!)
	grpc_server=$(wait_for_ready $! "$work/grpc.log") || die "$(cat "$work/grpc.log")"
	half grpc "$grpc_server"
	status=0
	bench.load --protocol sp --server "$grpc_server" --method PostService/GetPost --requests "$work/half" \
		--seconds 1 >"$work/numbers" 2>"$work/error" || status=$?
	[ "$status" = 1 ] && grep -q 'none of sp' "$work/error" || die "sp: a server of gRPC is measured"
	stop

	# What both answer with is the same post.
	run --rounds 1 --seconds 1 --warmup 0 get_grpc
	jq -e '[.contestants[].rounds[0]] | all(.requests > 0 and .failed == 0) and
		(map(.response_bytes / .requests) | .[0] / .[2] | 0.8 < . and . < 1.25)' \
		"$work/results/get_grpc.json" >/dev/null || die "$(cat "$work/results/get_grpc.json")"
else
	echo "without the peer of gRPC, which was not built"
fi
stop
