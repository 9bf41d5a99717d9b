# bench.grpc_server, filled with what lecternd answers with. Sourced by rows, behind lecternd.sh and
# posts.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the rows

# fill_grpc DATA: the store of the server, $bench_work/grpc, from a store of Lectern.
fill_grpc() {
	mkdir -p "$bench_work/grpc"
	serve_lecternd "$1"
	bench.values --server "$LECTERN_SERVER" --view full | bench.grpc_server load "$bench_work/grpc"
	stop_servers
}

grpc_start() {
	: >"$bench_work/grpc.log"
	bench.grpc_server serve "$bench_work/grpc" >"$bench_work/grpc.log" 2>&1 </dev/null &
	server_pids=($!)
	grpc_server=$(wait_for_ready $! "$bench_work/grpc.log") || {
		cat "$bench_work/grpc.log"
		return 1
	}
}

grpc_version() {
	bench.grpc_server --version
}
grpc_stop() {
	stop_servers
}
