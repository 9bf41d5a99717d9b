# A page of a tag's archive, its ten newest posts in full and how many there are, beside PostgreSQL.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the peers
row_title='GetArchive of a tag, 10 posts FULL, 25 KB, beside a prepared SELECT, 16 in flight'
row_target='none'
row_contestants=(lecternd lecternd_uncached postgres)
row_ours=(lecternd lecternd_uncached)
row_programs=(bench.load postgres pgbench psql pg_isready bench.postgres_rows bench.values)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/loopback.sh
. tests/bench/peers/postgres.sh
. tests/bench/peers/posts.sh

row_prepare() {
	prepare_posts
	prepare_values
	prepare_postgres "$bench_work/values"
	compare_pages
}

# Both must have the same posts on every page and the same counts, by the query that is measured.
compare_pages() {
	local ours theirs number
	serve_lecternd "$data"
	ours=$(jq -c '{method: "ArchiveService/GetArchive", request: (.view = "POST_VIEW_BASIC")}' \
		"$bench_work/archive.jsonl" | lectern batch -o jsonl - |
		jq -r '.response | .totalSize as $count | .posts[] | "\($count) \(.id)"')
	stop_servers
	serve_postgres
	theirs=$(for ((number = 1; number <= $(wc -l <"$bench_work/archive.jsonl"); number++)); do
		printf '\\set number %d\n' "$number"
		sed '1d; s/term\.\*, post\.\*/term.post_count, post.id/' "$postgres_sql/archive.sql"
	done | sql posts -A -t -F ' ')
	stop_postgres
	[ "$ours" = "$theirs" ] || die "archive_postgres: other pages in PostgreSQL:
$(diff <(echo "$ours") <(echo "$theirs") | head -n 4)"
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	bench.load --protocol sp --server "$LECTERN_SERVER" --seconds "$1" --connections 8 --in-flight 2 \
		--method ArchiveService/GetArchive --requests "$bench_work/archive.jsonl" --zipf
}
# A connection of PostgreSQL has one call in flight.
postgres_load() {
	load_postgres posts archive "$1" -c 16 -j 2 -D tags="$(wc -l <"$bench_work/archive.jsonl")"
}
