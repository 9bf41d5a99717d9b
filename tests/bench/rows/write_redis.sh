# Writes that are on disk when they are acknowledged, beside Redis with appendfsync always (its default
# is a sync each second).
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the peers
row_title='CreatePost beside SET of the same text, durable, 8 connections x 8 in flight'
row_target='at least 1.0 of the throughput of Redis with appendfsync always'
row_contestants=(lecternd redis)
row_programs=(redis-server redis-benchmark redis-cli bench.fdatasync)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/loopback.sh
. tests/bench/peers/redis.sh
. tests/bench/peers/posts.sh
. tests/bench/peers/payloads.sh

row_prepare() {
	data=$(corpus "$posts_count" --body-bytes "$post_bytes")
	prepare_payloads
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	load_write "$LECTERN_SERVER" "$1"
}
redis_start() {
	# The file is not rewritten while it is measured.
	start_redis --appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0
}
redis_load() {
	redis_input=$bench_work/payload load_redis "$1" -c 8 -P 8 -r 1000000000 -x SET post:__rand_int__
}
