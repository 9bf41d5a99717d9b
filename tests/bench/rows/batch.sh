# A hundred posts at once beside Redis, which has the same bytes under a hundred keys.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the peers
row_title='BatchGetPosts of 100, FULL, 2.5 KB each, beside MGET, 8 connections x 4 in flight'
row_target='server CPU per post at most that of Redis per key'
row_contestants=(lecternd redis)
row_programs=(bench.load redis-server redis-benchmark redis-cli bench.redis_commands bench.values)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/loopback.sh
. tests/bench/peers/redis.sh
. tests/bench/peers/posts.sh

batch_posts=100

# Any post equally often, as redis-benchmark has it.
row_prepare() {
	prepare_values
	shuf -r -n "$((1000 * batch_posts))" --random-source=<(yes) "$bench_work/ids" |
		jq -nc --argjson count "$batch_posts" '[inputs | {id: .}] | _nwise($count) |
			{keys: ., view: "POST_VIEW_FULL"}' >"$bench_work/batch.jsonl"
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	bench.load --protocol sp --server "$LECTERN_SERVER" --seconds "$1" --connections 8 --in-flight 4 --method PostService/BatchGetPosts \
		--requests "$bench_work/batch.jsonl"
}
redis_start() {
	start_redis --appendonly no
	fill_redis "$bench_work/values"
}
redis_load() {
	local keys=()
	while [ ${#keys[@]} -lt "$batch_posts" ]; do
		keys+=(post:__rand_int__)
	done
	load_redis "$1" -c 8 -P 4 -r "$published" MGET "${keys[@]}"
}
