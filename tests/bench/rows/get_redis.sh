# One post in full beside Redis, which has the same bytes under a key.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the peers
row_title='GetPost by id, FULL, 2.5 KB, beside GET, 8 connections x 16 in flight'
row_target='none: Redis copies bytes, Lectern reads a request, a transaction and an index'
row_contestants=(lecternd lecternd_uncached redis)
row_ours=(lecternd lecternd_uncached)
row_programs=(bench.load redis-server redis-benchmark redis-cli bench.redis_commands bench.values)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/loopback.sh
. tests/bench/peers/redis.sh
. tests/bench/peers/posts.sh

# Any post equally often, as redis-benchmark has it.
row_prepare() {
	prepare_values
	jq -c '{id: ., view: "POST_VIEW_FULL"}' "$bench_work/ids" >"$bench_work/ids.jsonl"
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	bench.load --protocol sp --server "$LECTERN_SERVER" --seconds "$1" --connections 8 --in-flight 16 \
		--method PostService/GetPost --requests "$bench_work/ids.jsonl"
}
redis_start() {
	start_redis --appendonly no
	fill_redis "$bench_work/values"
}
redis_load() {
	load_redis "$1" -c 8 -P 16 -r "$published" GET post:__rand_int__
}
