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

load_get() { # SERVER SECONDS
	load_lectern "$1" "$2" --connections 8 --in-flight 16 --method PostService/GetPost \
		--requests "$bench_work/get.jsonl" --zipf
}
load_archive() { # SERVER SECONDS
	load_lectern "$1" "$2" --connections 8 --in-flight 16 --method ArchiveService/GetArchive \
		--requests "$bench_work/archive.jsonl" --zipf
}
