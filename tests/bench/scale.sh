#!/usr/bin/env bash
# How Lectern grows: the same reads of stores with ten thousand, a hundred thousand and a million made
# posts. docs/performance.md tells what and how.
#
#   scale.sh [POSTS...]      10000 100000 1000000, or what is named
#
# Writes scale-POSTS.json of each and scale-growth.json of all that are there to
# ${LECTERN_BENCH_RESULTS:-tests/bench/results}, and prints how the largest compares with the smallest.
# SECONDS_EACH is how long each load lasts (10), COLD_CALLS how many single calls are made (100). Stores
# are kept in ${LECTERN_BENCH_DIR:-build/bench}: 30 KB a post. They are opened as they are, for reading
# alone; 24 hours after an import the server begins to forget the answers of it, and once it is done
# with that the store is as before.
#
# Cold means: the pages of data.mdb are taken out of memory before each call, from the server's address
# space too, by what bench.cold asks the system for. Nothing else of the machine is touched.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/steps.sh
. tests/bench/measure.sh
seconds=${SECONDS_EACH:-10}
cold_calls=${COLD_CALLS:-100}
results=${LECTERN_BENCH_RESULTS:-tests/bench/results}
command -v jq >/dev/null || die "needs jq; it is in the group test of deploy/packages"
[ $# -gt 0 ] || set -- 10000 100000 1000000

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
LECTERN_LOGS=$work
if [ -z "${LECTERN_BIN:-}" ]; then
	step "configuring the release" cmake --preset release -DLECTERN_BENCH=ON
	step "building the release" cmake --build build/release --target lecternd lectern_cli bench_programs
	LECTERN_BIN=$PWD/build/release/bin
fi
export PATH="$LECTERN_BIN:$LECTERN_BIN/../tests:$PATH"
. tests/bench/corpus.sh
mkdir -p "$results"

start_server() {
	rm -f "$work/log" # else the ready line of the server before may be read
	# Without the cache of replies: each call is read from the store.
	lecternd --data "$data" --listen tcp://127.0.0.1:0 --reply-cache 0 >"$work/log" 2>&1 </dev/null &
	server=$!
	LECTERN_SERVER=$(wait_for_ready "$server" "$work/log") || {
		cat "$work/log"
		die "lecternd did not become ready"
	}
	export LECTERN_SERVER
}

stop_server() {
	kill "$server"
	wait "$server" || die "lecternd ended with status $?"
	server=
}

# ready_ms: from the beginning of the process to the ready line.
ready_ms() {
	sed -n 's/.*"msg":"ready".*"duration_ms":\([0-9]*\).*/\1/p' "$work/log"
}

# --- What is asked for ---

# The rows, in the order of the results: NAME METHOD; the requests are in NAME.jsonl.
rows=(
	get PostService/GetPost
	archive ArchiveService/GetArchive
	archive_deep ArchiveService/GetArchive
	and_list PostService/ListPosts
	and_list_total PostService/ListPosts
	search SearchService/SearchPosts
	suggest SearchService/SuggestTerms
)
REQUESTS=20000
PAGE_POSTS=10
PAGE_TAGS=100 # of first pages: so many that their posts are about as long in stores of any size
DEEP_TAGS=10
DEEP_POSTS=990 # before the hundredth page
LARGE_WARMUP=20 # seconds: each request several times

# random_below N COUNT: the same numbers at each run, from 1 to N.
random_below() {
	awk -v n="$1" -v count="$2" 'BEGIN { srand(7); for (i = 0; i < count; i++) print 1 + int(rand() * n) }'
}

# words FIRST LAST: those of these ranks, one a line.
words() {
	bench.generate --words "$(seq -s, "$1" "$2")"
}

# archive_requests: of the tags on standard input, one a line; behind a tab the token of a page.
archive_requests() {
	jq -Rc 'split("\t") | {kind: "ARCHIVE_KIND_TAG", term: {slug: .[0]}, view: "POST_VIEW_FULL",
		pageToken: (.[1] // "")}'
}

# and_requests: of tags on standard input: posts with two tags each, of all pairs.
and_requests() {
	jq -Rnc '[inputs] as $tags | $tags | keys[] as $a | $tags | keys[] as $b | select($a < $b) |
		{filter: "tags:\"\($tags[$a])\" AND tags:\"\($tags[$b])\"", pageSize: 20, skipTotalSize: true}'
}

# tags_with LEAST COUNT: the slugs of so many tags that have so many posts at least, the largest first.
tags_with() {
	jq -rs --argjson least "$1" --argjson count "$2" \
		'map(select((.postCount // "0" | tonumber) >= $least)) | .[:$count][].slug' "$work/all_tags"
}

# prepare POSTS: the same kinds of requests for stores of any size.
prepare() {
	local tag
	random_below "$1" "$REQUESTS" | jq -c '{id: "\(.)"}' >"$work/get.jsonl"
	# Those that are used most are the same in all stores.
	lectern -o jsonl tag list --all --order-by count >"$work/all_tags"
	tags_with "$PAGE_POSTS" "$PAGE_TAGS" | archive_requests >"$work/archive.jsonl"
	# Tags that have the hundredth page.
	tags_with "$((DEEP_POSTS + PAGE_POSTS))" "$DEEP_TAGS" >"$work/tags"
	[ -s "$work/tags" ] || die "no tag has $((DEEP_POSTS + PAGE_POSTS)) posts: 10000 posts are the least"
	while read -r tag; do
		printf '%s\t%s\n' "$tag" "$(lectern call ArchiveService/GetArchive \
			"$(jq -nc --arg tag "$tag" --argjson size "$DEEP_POSTS" \
				'{kind: "ARCHIVE_KIND_TAG", term: {slug: $tag}, pageSize: $size}')" |
			jq -r .nextPageToken)"
	done <"$work/tags" | archive_requests >"$work/archive_deep.jsonl"
	jq -rs '.[:15][].slug' "$work/all_tags" | and_requests >"$work/and_list.jsonl"
	jq -c 'del(.skipTotalSize)' "$work/and_list.jsonl" >"$work/and_list_total.jsonl"
	paste -d ' ' <(words 40 139) <(words 1000 1099) | jq -Rc '{query: .}' >"$work/search.jsonl"
	words 300 799 | jq -Rc '{prefix: .[:3]}' >"$work/suggest.jsonl"
}

# --- Measuring ---

# load METHOD REQUESTS SECONDS CONNECTIONS IN_FLIGHT: what `lectern bench` saw and what it cost the
# server.
load() {
	local before after report
	before=$(cpu_ns "$server")
	report=$(lectern bench -o json --method "$1" --requests "$2" --duration "$3" --connections "$4" \
		--in-flight "$5" --timeout 10000)
	after=$(cpu_ns "$server")
	jq -c --argjson cpu_ns "$(cpu_between "$before" "$after")" '
		([.succeeded.count, 1] | max) as $count | {
			requests: .succeeded.count, elapsed_s,
			failed: (([.errors[]] | add // 0) + .unanswered + .unsent),
			requests_per_s: .goodput_per_s, p50_us: (.succeeded.p50_ms * 1000),
			p99_us: (.succeeded.p99_ms * 1000), response_bytes: .received_bytes,
			server_cpu_us_per_request: ($cpu_ns / 1000 / $count)}' <<<"$report"
}

# single METHOD REQUESTS [OPTION...]: calls one after the other, in an order of their own.
single() {
	local method=$1
	shuf -n "$cold_calls" -r --random-source=<(yes) "$2" >"$work/some.jsonl"
	bench.cold --server "$LECTERN_SERVER" --method "$method" --requests "$work/some.jsonl" "${@:3}"
}

# fits_in_memory: whether all of the store can be read without disk.
fits_in_memory() {
	[ "$(($(stat -c %s "$data/data.mdb") / 1024))" -lt \
		"$(awk '/^MemTotal/ { print int($2 / 4 * 3) }' /proc/meminfo)" ]
}

# row NAME METHOD: {"NAME":{...}}
row() {
	local requests=$work/$1.jsonl loaded alone warm cold
	# The row before has left it cold. Then once more by the server, whose address space it is in; of a
	# store that memory does not hold, what is asked for.
	if fits_in_memory; then
		cat "$data/data.mdb" >/dev/null
		load "$2" "$requests" "$(((seconds + 4) / 5))" 8 8 >/dev/null
	else
		load "$2" "$requests" "$LARGE_WARMUP" 8 8 >/dev/null
	fi
	loaded=$(load "$2" "$requests" "$seconds" 8 8)
	alone=$(load "$2" "$requests" "$(((seconds + 1) / 2))" 1 1)
	warm=$(single "$2" "$requests")
	cold=$(single "$2" "$requests" --file "$data/data.mdb" --pid "$server")
	jq -nc --arg name "$1" --arg method "$2" --argjson loaded "$loaded" --argjson alone "$alone" \
		--argjson warm "$warm" --argjson cold "$cold" \
		'{($name): {method: $method, loaded: $loaded, alone: $alone, warm: $warm, cold: $cold}}' |
		tee "$work/row" >>"$work/rows"
	jq -r 'to_entries[] | "  \(.key): \(.value.loaded.requests_per_s | round)/s, " +
		"\(.value.loaded.server_cpu_us_per_request | round) us of the server each; alone p50 " +
		"\(.value.alone.p50_us | round) us, p99 \(.value.alone.p99_us | round) us; cold p50 " +
		"\(.value.cold.p50_us | round) us" +
		if .value.loaded.failed > 0 then "; \(.value.loaded.failed) FAILED" else "" end' "$work/row"
}

# measure POSTS: writes its file.
measure() {
	local posts=$1 cold_ms warm_ms idle i
	data=$(corpus "$posts")
	say "$posts posts: $data"
	bench.cold --file "$data/data.mdb"
	start_server
	cold_ms=$(ready_ms)
	stop_server
	start_server
	warm_ms=$(ready_ms)
	idle=$(memory "$server")
	prepare "$posts"
	: >"$work/rows"
	for ((i = 0; i < ${#rows[@]}; i += 2)); do
		row "${rows[i]}" "${rows[i + 1]}"
	done
	jq -n --argjson posts "$posts" --argjson machine "$(machine)" --arg date "$(date -u +%FT%TZ)" \
		--arg commit "$(git rev-parse HEAD 2>/dev/null || echo unknown)" --argjson seconds "$seconds" \
		--slurpfile imported "$data/../import.json" --slurpfile rows "$work/rows" \
		--argjson cold_ms "$cold_ms" --argjson warm_ms "$warm_ms" --argjson idle "$idle" \
		--argjson loaded "$(memory "$server")" '
		{posts: $posts, date: $date, commit: $commit, machine: $machine, seconds: $seconds,
		imported: $imported[0], start_cold_ms: $cold_ms, start_warm_ms: $warm_ms,
		memory_at_start: $idle, memory_after_load: $loaded, rows: ($rows | add)}' \
		>"$results/scale-$posts.json.new"
	mv "$results/scale-$posts.json.new" "$results/scale-$posts.json"
	stop_server
}

# growth: of the largest store to the smallest, more than 1 is more.
growth() {
	jq -s --arg date "$(date -u +%FT%TZ)" '
		sort_by(.posts) | .[0] as $a | .[-1] as $b |
		def ratio(f): if ($a | f) == 0 then null else ($b | f) / ($a | f) end;
		{date: $date, from: $a.posts, to: $b.posts,
		bytes_per_post: ratio(.imported.bytes_per_post), import_posts_per_s: ratio(.imported.posts_per_s),
		import_server_cpu: ratio(.imported.server_cpu_us_per_post),
		rows: ($a.rows | keys_unsorted | map(. as $name | {key: $name, value: {
			server_cpu: ratio(.rows[$name].loaded.server_cpu_us_per_request),
			requests_per_s: ratio(.rows[$name].loaded.requests_per_s),
			response_bytes: ratio(.rows[$name].loaded | .response_bytes / .requests),
			alone_p50: ratio(.rows[$name].alone.p50_us), alone_p99: ratio(.rows[$name].alone.p99_us),
			cold_p50: ratio(.rows[$name].cold.p50_us)}}) | from_entries)}' \
		"$results"/scale-[0-9]*.json >"$results/scale-growth.json"
	jq -r 'def short: if . == null then "-" else . * 100 | round / 100 end;
		"\(.to) posts to \(.from): import rate \(.import_posts_per_s | short), bytes per post " +
		"\(.bytes_per_post | short)",
		(.rows | to_entries[] | "  \(.key): server CPU \(.value.server_cpu | short), throughput " +
		"\(.value.requests_per_s | short), bytes \(.value.response_bytes | short), alone p50 " +
		"\(.value.alone_p50 | short), p99 \(.value.alone_p99 | short), cold p50 \(.value.cold_p50 | short)")' "$results/scale-growth.json"
}

for posts; do
	[[ $posts =~ ^[1-9][0-9]*$ ]] || die "$posts is no number of posts"
	measure "$posts"
done
growth
