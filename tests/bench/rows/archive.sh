# A page of an archive, ten posts in full, beside nng itself.
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by run.sh
row_title='GetArchive, 10 posts FULL, 25 KB, 8 connections x 16 in flight'
row_target='at least 0.85 of the throughput of a bare nng echo'
row_contestants=(lecternd lecternd_uncached echo)
row_ours=(lecternd lecternd_uncached)
row_programs=(bench.load bench.echo bench.record)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/echo.sh
. tests/bench/peers/posts.sh

row_prepare() {
	prepare_posts
	echo_copies=$(wc -l <"$bench_work/archive.jsonl")
	record_frame "$data" ArchiveService/GetArchive "$(head -n 1 "$bench_work/archive.jsonl")"
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	load_archive sp "$LECTERN_SERVER" "$1"
}
echo_load() {
	load_archive sp "$echo_server" "$1"
}
