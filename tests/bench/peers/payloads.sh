# What the rows of writes write. Sourced by rows, behind lecternd.sh and posts.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the rows

# prepare_payloads: the 64 newest posts of the store in $data, made anew with a slug of its own for each
# call and three tags of its own for each of them, as requests in create.jsonl of $bench_work; the bytes
# of the median one, without field names, in payload. What the disk gives is in the facts of the row.
prepare_payloads() {
	[ "$(stat -f -c %T "$bench_work")" != tmpfs ] ||
		die "$bench_work is in memory, where nothing is synced; set TMPDIR to a folder on a disk"
	serve_lecternd "$data"
	lectern -o jsonl tag list --all --order-by count | jq -cs '.[:192][] | {slug}' >"$bench_work/tags"
	lectern -o jsonl post list --page-size 64 --view full 2>"$bench_work/list.log" |
		jq -c --slurpfile tags "$bench_work/tags" '[., input_line_number - 1] | .[1] as $n | .[0] |
			{post: {slug: "bench-0123456789abcdef", title, excerpt, state: "POST_STATE_PUBLISHED",
			language, bodyFormat, body, tags: $tags[3 * $n:3 * $n + 3]}}' >"$bench_work/create.jsonl"
	stop_servers
	jq -j -s 'map(.post | [.title, .excerpt, .body, .language, .tags[].slug] | join("\n")) |
		sort_by(length) | .[length / 2 | floor]' "$bench_work/create.jsonl" >"$bench_work/payload"
	bench.fdatasync "$bench_work" 2 | jq -c --arg file_system "$(stat -f -c %T "$bench_work")" \
		--argjson payload "$(stat -c %s "$bench_work/payload")" \
		'{fdatasync: ., file_system: $file_system, payload_bytes: $payload}' >"$bench_work/facts.json"
}

load_write() { # SERVER SECONDS
	load_lectern "$1" "$2" --connections 8 --in-flight 8 --method PostService/CreatePost \
		--requests "$bench_work/create.jsonl"
}
