# Writes that are on disk when they are acknowledged, beside PostgreSQL, which gets a post with three
# tags in one statement; once as it is, once with an index for search, which Lectern always has.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the peers
row_title='CreatePost beside an insert with three tags, durable, 64 in flight'
row_target='at least 2.0 of the throughput of PostgreSQL with synchronous_commit on'
row_contestants=(lecternd postgres postgres_search)
row_programs=(postgres pgbench psql pg_isready bench.postgres_rows bench.values bench.fdatasync)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/loopback.sh
. tests/bench/peers/postgres.sh
. tests/bench/peers/posts.sh
. tests/bench/peers/payloads.sh

row_prepare() {
	prepare_values
	prepare_postgres "$bench_work/values"
	prepare_payloads
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	load_write "$LECTERN_SERVER" "$1"
}
postgres_load() {
	load_postgres posts write "$1" -c 64 -j 2 -D loaded=0
}
postgres_search_start() {
	serve_postgres
}
postgres_search_stop() {
	stop_postgres
}
postgres_search_load() {
	load_postgres search write "$1" -c 64 -j 2 -D loaded=0
}
postgres_search_version() {
	postgres_version
}
postgres_search_settings() {
	postgres_settings
}
