# One post in full by its slug beside PostgreSQL, which has all of it in one row.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the peers
row_title='GetPost by slug, FULL, 2.5 KB, beside a prepared SELECT, 16 in flight'
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
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	bench.load --protocol sp --server "$LECTERN_SERVER" --seconds "$1" --connections 8 --in-flight 2 \
		--method PostService/GetPost --requests "$bench_work/get.jsonl" --zipf
}
# A connection of PostgreSQL has one call in flight.
postgres_load() {
	load_postgres posts get "$1" -c 16 -j 2 -D posts="$published"
}
