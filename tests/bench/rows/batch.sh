# A hundred posts at once beside Redis, which has the same bytes under a hundred keys.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the peers
batch_in_flight=${batch_in_flight:-4}
row_title="BatchGetPosts of 100, FULL, 2.5 KB each, beside MGET, 8 connections x $batch_in_flight in flight"
row_target='server CPU per post at most that of Redis per key'
row_contestants=(lecternd lecternd_uncached redis)
row_ours=(lecternd lecternd_uncached)
row_programs=(bench.load redis-server redis-benchmark redis-cli bench.redis_commands bench.values)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/loopback.sh
. tests/bench/peers/redis.sh
. tests/bench/peers/posts.sh

batch_posts=100

# Any post equally often, as redis-benchmark has it.
row_prepare() {
	prepare_values
	awk -v count="$((1000 * batch_posts))" '{ ids[NR] = $0 }
		END { srand(1); while (count-- > 0) print ids[int(rand() * NR) + 1] }' "$bench_work/ids" |
		jq -nc --argjson count "$batch_posts" '[inputs | {id: .}] | _nwise($count) |
			{keys: ., view: "POST_VIEW_FULL"}' >"$bench_work/batch.jsonl"
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	bench.load --protocol sp --server "$LECTERN_SERVER" --seconds "$1" --connections 8 \
		--in-flight "$batch_in_flight" --method PostService/BatchGetPosts --requests "$bench_work/batch.jsonl"
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
	load_redis "$1" -c 8 -P "$batch_in_flight" -r "$published" MGET "${keys[@]}"
}
