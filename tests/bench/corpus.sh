# Stores full of made posts, made once and kept. Sourced behind deploy/steps.sh.
#
# They are kept in ${LECTERN_BENCH_DIR:-build/bench}, each in a folder of its own: data is the store,
# import.json tells how its import went. Nobody should write to one: take a copy (cp -r --reflink=auto).
# shellcheck shell=bash

bench_dir=${LECTERN_BENCH_DIR:-$steps_root/build/bench}
bench_bin=${LECTERN_BIN:-$steps_root/build/release/bin}
bench_generate=$bench_bin/../tests/bench.generate

# corpus POSTS [GENERATOR OPTION...]: the data folder of a store with these posts, on standard output;
# what happens, on standard error. With CORPUS_SERVER set, options of lecternd that makes it.
corpus() {
	local posts=$1 name folder
	shift
	name=$(corpus_name "$posts" "$@") || return
	folder=$bench_dir/$name
	mkdir -p "$bench_dir"
	(
		flock 9
		[ -e "$folder/import.json" ] || corpus_make "$folder" --posts "$posts" "$@"
	) 9>"$bench_dir/lock" >&2 || return
	printf '%s\n' "$folder/data"
}

# corpus_name POSTS [GENERATOR OPTION...]: another one where posts or the store would differ.
corpus_name() {
	local posts=$1 format sample
	shift
	[ -x "$bench_generate" ] ||
		die "$bench_generate is not there: cmake --preset release -DLECTERN_BENCH=ON, and build"
	format=$(sed -n 's/.*STORE_FORMAT = \([0-9]*\).*/\1/p' "$steps_root/src/store/store.h")
	sample=$("$bench_generate" --posts 20 "$@" | sha256sum) || die "bench.generate $*"
	printf 'corpus-%s%s-format%s-%.8s\n' "$posts" "$(printf '%s' "$@" | tr -cs 'A-Za-z0-9' '-')" \
		"$format" "$sample"
}

# corpus_make FOLDER GENERATOR OPTION...: under another name until it is whole. In a shell of its own.
corpus_make() {
	local folder=$1 making=$1.making sockets server address status=0
	shift
	say "making $folder"
	sockets=$(mktemp -d)
	rm -rf "$making" "$folder"
	mkdir "$making"
	# shellcheck disable=SC2086 # options
	"$bench_bin/lecternd" --data "$making/data" --listen "ipc://$sockets/rpc" ${CORPUS_SERVER:-} \
		>"$making/log" 2>&1 </dev/null 9>&- &
	server=$!
	# shellcheck disable=SC2064 # what they are now
	trap "kill $server 2>/dev/null || true; rm -rf $sockets" EXIT
	address=$(wait_for_ready "$server" "$making/log") &&
		corpus_import "$address" "$server" "$@" >"$making/import.json.part" || status=$?
	kill "$server" 2>/dev/null || true
	wait "$server" || status=$?
	if [ "$status" -ne 0 ]; then
		tail -n 5 "$making/log"
		die "the store was not made; what there is: $making"
	fi
	mv "$making/import.json.part" "$making/import.json"
	mv "$making" "$folder"
}

# corpus_cpu_s PID: the processor time that it has had, all its threads together.
corpus_cpu_s() {
	awk '{ sum += $1 } END { printf "%.6f\n", sum / 1e9 }' "/proc/$1"/task/*/schedstat
}

# corpus_import ADDRESS PID GENERATOR OPTION...: how it went, as JSON.
corpus_import() {
	local address=$1 server=$2 start=$EPOCHREALTIME end summary stats cpu
	shift 2
	summary=$(
		set -o pipefail
		"$bench_generate" "$@" | "$bench_bin/lectern" --server "$address" import jsonl -o json -
	) || return
	end=$EPOCHREALTIME
	cpu=$(corpus_cpu_s "$server")
	# The writer merges what is left of the search index when writing has rested for a second.
	sleep 3
	stats=$("$bench_bin/lectern" --server "$address" stats -o json) || return
	jq -n --arg options "$*" --argjson summary "$summary" --argjson stats "$stats" \
		--argjson elapsed "$(awk "BEGIN { printf \"%.3f\", $end - $start }")" --argjson cpu "$cpu" '
		$summary.created as $posts |
		($stats.storeBytes | tonumber) as $bytes |
		($stats.freeBytes // "0" | tonumber) as $free | {
			options: $options, posts: $posts, elapsed_s: $elapsed,
			posts_per_s: ($posts / $elapsed), server_cpu_us_per_post: ($cpu / $posts * 1e6),
			store_bytes: $bytes, free_bytes: $free, bytes_per_post: (($bytes - $free) / $posts),
			commits: ($stats.commits | tonumber), commit_p50_us: ($stats.commitP50Us | tonumber),
			tables: [$stats.tables[] | select(.bytes) | {key: .name, value: (.bytes | tonumber)}] |
				from_entries }'
}
