# One post in full, 2.5 KB, beside nng itself.
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by run.sh
row_title='GetPost, FULL, 2.5 KB, 8 connections x 16 in flight'
row_target='at least 0.90 of the throughput of a bare nng echo, at most 1.15 of its server CPU per call'
row_contestants=(lecternd lecternd_uncached echo)
row_ours=(lecternd lecternd_uncached)
row_programs=(bench.load bench.echo bench.record)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/echo.sh
. tests/bench/peers/posts.sh

row_prepare() {
	prepare_posts
	echo_copies=$(wc -l <"$bench_work/get.jsonl")
	record_frame "$data" PostService/GetPost "$(head -n 1 "$bench_work/get.jsonl")"
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	load_get sp "$LECTERN_SERVER" "$1"
}
echo_load() {
	load_get sp "$echo_server" "$1"
}
