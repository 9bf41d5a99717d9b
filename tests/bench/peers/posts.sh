# The posts of the rows that read posts and archives, and what is asked for. Sourced by rows, behind
# lecternd.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the rows

# Ten thousand posts are 25 MB: more than the caches of a processor hold. They are asked for by Zipf's
# law, in the order of the list.
posts_count=${LECTERN_BENCH_POSTS:-10000}
post_bytes=2500
tags_count=100

# prepare_posts: the store is in $data then, the requests in get.jsonl and archive.jsonl of
# $bench_work.
prepare_posts() {
	data=$(corpus "$posts_count" --body-bytes "$post_bytes")
	serve_lecternd "$data"
	lectern -o jsonl post list --all --view basic |
		jq -c '{slug, view: "POST_VIEW_FULL"}' >"$bench_work/get.jsonl"
	# Those with full pages.
	lectern -o jsonl tag list --all --order-by count | jq -cs --argjson count "$tags_count" '
		map(select((.postCount // "0" | tonumber) >= 10)) | .[:$count][] |
		{kind: "ARCHIVE_KIND_TAG", term: {slug}, view: "POST_VIEW_FULL"}' >"$bench_work/archive.jsonl"
	stop_servers
	[ -s "$bench_work/get.jsonl" ] && [ -s "$bench_work/archive.jsonl" ] || die "the store has no posts"
}

# prepare_values: the store is in $data, its posts in values, and their ids in ids of $bench_work; how
# many there are, without drafts and such, in $published.
prepare_values() {
	data=$(corpus "$posts_count" --body-bytes "$post_bytes")
	serve_lecternd "$data"
	bench.values --server "$LECTERN_SERVER" --view full >"$bench_work/values"
	lectern -o jsonl post list --all --view basic | jq -c .id >"$bench_work/ids"
	stop_servers
	published=$(wc -l <"$bench_work/ids")
	[ "$published" -gt 0 ] || die "the store has no posts"
}

# load_get PROTOCOL SERVER SECONDS, load_archive likewise: the same calls for all contestants, by
# bench.load, or by `lectern bench` where LECTERN_BENCH_LOAD=nng asks for it.
load_get() {
	load_posts "$@" --method PostService/GetPost --requests "$bench_work/get.jsonl"
}
load_archive() {
	load_posts "$@" --method ArchiveService/GetArchive --requests "$bench_work/archive.jsonl"
}
load_posts() {
	if [ "$1 ${LECTERN_BENCH_LOAD:-}" = "sp nng" ]; then
		load_lectern "$2" "$3" --connections 8 --in-flight 16 --zipf "${@:4}"
	else
		bench.load --protocol "$1" --server "$2" --seconds "$3" --connections 8 --in-flight 16 --zipf "${@:4}"
	fi
}
