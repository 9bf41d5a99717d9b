# Full-text search beside SQLite FTS5, in a process without a network and as a service like ours.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the peers
row_title='SearchPosts, 100k posts, ten best with snippets and the number of matches, one call at a time'
row_target='p50 and p99 at most those of SQLite FTS5'
row_contestants=(lecternd lecternd_uncached fts5_service fts5)
row_ours=(lecternd lecternd_uncached)
row_programs=(bench.load bench.fts5 bench.fts5_serve bench.search_queries bench.values)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/fts5.sh

# Of lengths like those of real posts. Fewer of them make other figures.
search_posts=${LECTERN_BENCH_SEARCH_POSTS:-100000}
queries=2000
compared=400 # of them whose numbers of matches are compared

row_prepare() {
	local data
	data=$(corpus "$search_posts")
	rm -rf "$bench_work/search"
	cp -r --reflink=auto "$data" "$bench_work/search"
	start_lecternd "$bench_work/search"
	bench.values --server "$LECTERN_SERVER" --view html >"$bench_work/values"
	bench.search_queries 1 "$queries" <"$bench_work/values" >"$bench_work/search.jsonl"
	prepare_fts5 "$data" "$bench_work/values"
	compare_matches
	stop_servers
	rm "$bench_work/values"
}

# FTS5 stems by Porter's first algorithm, Lectern by his second. FTS5 looks for phrases and beginnings
# of words among stems, Lectern among words as they are written. All else must be equal, or they do different jobs.
compare_matches() {
	local ours theirs equal
	head -n "$compared" "$bench_work/search.jsonl" >"$bench_work/compared.jsonl"
	jq -c '{method: "SearchService/SearchPosts", request: (.pageSize = 1)}' "$bench_work/compared.jsonl" |
		lectern --timeout 60000 batch --in-flight 1 -o jsonl - >"$bench_work/compared" ||
		die "search: $(jq -r 'select(.error) | .error.message' "$bench_work/compared" | head -n 3)"
	ours=$(jq -r '.response.totalSize // 0' "$bench_work/compared")
	theirs=$(bench.fts5 count "$fts5_db" "$bench_work/compared.jsonl")
	paste <(echo "$ours") <(echo "$theirs") <(jq -r .query "$bench_work/compared.jsonl") |
		jq -Rsc 'split("\n")[:-1] | map(split("\t")) | {matches: {
			compared: length, equal: (map(select(.[0] == .[1])) | length),
			different: [.[] | select(.[0] != .[1]) |
				{query: .[2], lectern: (.[0] | tonumber), fts5: (.[1] | tonumber)}][:20]}}' \
			>"$bench_work/facts.json"
	equal=$(jq '.matches.equal' "$bench_work/facts.json")
	say "  $equal of $compared queries have the same number of matches in both"
	[ "$((equal * 10))" -ge "$((compared * 9))" ] ||
		die "search: Lectern and FTS5 find different posts: $(jq -c .matches.different "$bench_work/facts.json")"
}

lecternd_start() {
	start_lecternd "$bench_work/search"
}
lecternd_uncached_start() {
	start_lecternd "$bench_work/search" --reply-cache 0
}
load_search() { # SERVER SECONDS
	bench.load --protocol sp --server "$1" --seconds "$2" --connections 1 --in-flight 1 \
		--method SearchService/SearchPosts --requests "$bench_work/search.jsonl"
}
lecternd_load() {
	load_search "$LECTERN_SERVER" "$1"
}
fts5_service_load() {
	load_search "$fts5_server" "$1"
}
