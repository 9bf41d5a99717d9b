# A page of an archive, ten posts in full, beside a server of gRPC.
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by run.sh
row_title='GetArchive, 10 posts FULL, 25 KB, 8 connections x 16 in flight'
row_target='at least 1.3 of the throughput of a gRPC server over LMDB, at most 0.75 of its server CPU per call and 0.2 of its memory'
row_contestants=(lecternd lecternd_uncached grpc)
row_ours=(lecternd lecternd_uncached)
row_programs=(bench.load bench.values bench.grpc_server)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/posts.sh
. tests/bench/peers/grpc.sh

row_prepare() {
	prepare_posts
	fill_grpc "$data"
}

lecternd_start() {
	serve_lecternd "$data"
}
lecternd_load() {
	load_archive sp "$LECTERN_SERVER" "$1"
}
grpc_load() {
	load_archive grpc "$grpc_server" "$1"
}
