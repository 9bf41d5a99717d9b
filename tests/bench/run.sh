#!/usr/bin/env bash
# Measures Lectern beside others that do the same job: docs/performance.md tells what and how.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/steps.sh
. tests/bench/measure.sh
. tests/bench/report.sh

usage() {
	cat <<'END'
usage: tests/bench/run.sh [--rounds N] [--seconds S] [--warmup S] [--results DIR] [--list] [NAME...]

Builds the release and the programs of the benchmarks and measures the rows that are named, all of
tests/bench/rows by default. Each round measures every contestant of a row once, every other round
in the opposite order. Writes NAME.json of each row and table.md to tests/bench/results and prints
the table.

  --rounds N     how often each contestant is measured (default: 5)
  --seconds S    for how long each time (default: 10)
  --warmup S     under load before that, not counted (default: 2)
  --results DIR  where to write
  --list         only the names and titles of the rows
  --table        only the table, of the results that are there
  --document     the same, and into docs/performance.md

LECTERN_BIN is the folder bin of a build to take the programs from instead of building them.
LECTERN_BENCH_POSTS is the number of posts of the rows get and archive (default: 10000), LECTERN_BENCH_DIR
where stores are kept (default: build/bench).
END
}

rounds=5
seconds=10
warmup=2
results=tests/bench/results
only=
names=()
while [ $# -gt 0 ]; do
	case $1 in
	--rounds | --seconds | --warmup)
		[[ ${2:-} =~ ^[0-9]+$ ]] && [ "$2" -gt 0 ] || [ "$1 ${2:-}" = "--warmup 0" ] ||
			die "$1 needs a number"
		printf -v "${1#--}" %s "$2"
		shift
		;;
	--results)
		results=${2:?--results needs a directory}
		shift
		;;
	--list) only=list ;;
	--table | --document) only=${1#--} ;;
	-h | --help)
		usage
		exit 0
		;;
	-*)
		usage >&2
		exit 2
		;;
	*) names+=("$1") ;;
	esac
	shift
done

if [ ${#names[@]} -eq 0 ]; then
	for file in tests/bench/rows/*.sh; do
		names+=("$(basename "$file" .sh)")
	done
fi
for name in "${names[@]}"; do
	[ -f "tests/bench/rows/$name.sh" ] || die "there is no row $name; see: tests/bench/run.sh --list"
done

# is FUNCTION: whether the row has it.
is() {
	declare -F "$1" >/dev/null
}

list_rows() {
	local name
	for name in "${names[@]}"; do
		(
			# shellcheck disable=SC1090
			. "tests/bench/rows/$name.sh"
			# shellcheck disable=SC2154
			printf '%-16s %s\n' "$name" "$row_title"
		)
	done
}

if [ "$only" = list ]; then
	list_rows
	exit
fi
command -v jq >/dev/null || die "needs jq; it is in the group test of deploy/packages"
mkdir -p "$results"
if [ -n "$only" ]; then
	print_table "$results" "${names[@]}"
	[ "$only" = table ] || document_table "$results" docs/performance.md
	exit
fi

# For the rows: lecternd, lectern and the programs bench.NAME are on the PATH, $bench_work is a folder
# of the row that goes with it, and corpus makes stores.
LECTERN_LOGS=$(mktemp -d)
trap 'rm -rf "$LECTERN_LOGS"' EXIT
if [ -z "${LECTERN_BIN:-}" ]; then
	step "configuring the release" cmake --preset release -DLECTERN_BENCH=ON
	step "building the release" cmake --build build/release --target lecternd lectern_cli bench_programs
	export LECTERN_BIN=$PWD/build/release/bin
fi
export PATH="$LECTERN_BIN:$LECTERN_BIN/../tests:$PATH"
. tests/bench/corpus.sh

# missing: what the row in this shell needs and is not there.
missing() {
	local program
	for program in "${row_programs[@]}"; do
		command -v "$program" >/dev/null || printf '%s ' "$program"
	done
	! is row_missing || row_missing
}

# stop_contestant: the one that runs, if any.
running=
server_pids=()
stop_contestant() {
	[ -z "$running" ] || "${running}_stop" || true
	running=
	server_pids=()
}

# end_row: whatever has happened, and whether a contestant or row_prepare has started servers.
end_row() {
	local servers=("${server_pids[@]}")
	stop_contestant
	if [ ${#servers[@]} -gt 0 ]; then
		kill "${servers[@]}" 2>/dev/null || true
		wait "${servers[@]}" 2>/dev/null || true
	fi
	rm -rf "$bench_work"
}

# load CONTESTANT SECONDS: the JSON of one load, with the processor time of the load tool.
load() {
	local TIMEFORMAT='%U %S'
	{ time "$1_load" "$2" >"$bench_work/load" 2>"$bench_work/load_error"; } 2>"$bench_work/load_time" || {
		cat "$bench_work/load_error" >&2
		tail -n 5 "$bench_work"/*.log >&2
		die "$row_name: the load on $1 failed"
	}
	jq -c --arg time "$(tail -n 1 "$bench_work/load_time")" '
		($time | split(" ") | map(tonumber) | add) as $cpu_s |
		. + {load_cpu_us_per_request: ($cpu_s * 1e6 / ([.requests, 1] | max))}' "$bench_work/load"
}

# measure CONTESTANT: starts it, loads it and prints what came of it.
measure() {
	local before after busy start elapsed result
	running=$1
	"$1_start" || die "$row_name: $1 did not start"
	[ "$warmup" -eq 0 ] || load "$1" "$warmup" >/dev/null
	start=${EPOCHREALTIME/[.,]/}
	busy=$(busy_ns)
	before=$(cpu_ns "${server_pids[@]}")
	result=$(load "$1" "$seconds")
	after=$(cpu_ns "${server_pids[@]}")
	busy=$(($(busy_ns) - busy))
	elapsed=$((${EPOCHREALTIME/[.,]/} - start))
	jq -c --argjson memory "$(memory "${server_pids[@]}")" \
		--argjson cpu_ns "$(cpu_between "$before" "$after")" --argjson busy_ns "$busy" \
		--argjson elapsed_us "$elapsed" --argjson processors "$(nproc)" '
		($cpu_ns / 1000) as $cpu_us | . + {requests_per_s: (if .elapsed_s > 0 then .requests / .elapsed_s else 0 end),
		server_cpu_us_per_request: ($cpu_us / ([.requests, 1] | max)),
		others_share: ([($busy_ns / 1000 - $cpu_us - .load_cpu_us_per_request * .requests) /
			($elapsed_us * $processors), 0] | max)} + $memory' <<<"$result" >>"$bench_work/rounds.$1"
	stop_contestant
	tail -n 1 "$bench_work/rounds.$1" | jq -r --arg name "$1" '
		"  \($name): \(.requests_per_s | round)/s, p50 \(.p50_us | round) us, p99 \(.p99_us | round) us, " +
		"\(.server_cpu_us_per_request * 100 | round / 100) us of the server each" +
		(if .failed > 0 then ", \(.failed) FAILED" else "" end) +
		if .others_share > 0.05 then "; others had \(.others_share * 100 | round) % of the machine" else "" end'
}

# run_row NAME: in a shell of its own. Ends with 3 where something is missing, with 4 where calls
# have failed.
run_row() {
	local need round i
	row_name=$1
	row_programs=()
	row_ours=()
	# shellcheck disable=SC1090
	. "tests/bench/rows/$row_name.sh"
	say "$row_name: $row_title"
	need=$(missing)
	if [ -n "$need" ]; then
		say "  skipped: needs ${need% }; see the group bench of deploy/packages"
		exit 3
	fi
	bench_work=$(mktemp -d)
	export bench_work
	trap end_row EXIT
	! is row_prepare || row_prepare
	for ((round = 0; round < rounds; round++)); do
		for ((i = 0; i < ${#row_contestants[@]}; i++)); do
			if ((round % 2 == 0)); then
				measure "${row_contestants[i]}"
			else
				measure "${row_contestants[-1 - i]}"
			fi
		done
	done
	write_result "$results/$row_name.json"
	jq -e '[.contestants[].rounds[].failed] | add == 0' "$results/$row_name.json" >/dev/null || exit 4
}

failed=()
for name in "${names[@]}"; do
	set +e # in a condition a failing command would not end it
	(
		set -e
		run_row "$name"
	)
	status=$?
	set -e
	case $status in
	0 | 3) ;;
	*) failed+=("$name") ;;
	esac
done
print_table "$results" "${names[@]}"
[ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
