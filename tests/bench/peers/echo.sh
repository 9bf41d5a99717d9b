# bench.echo, which repeats one answer of lecternd. Sourced by rows, behind lecternd.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the rows

# echo_copies of the answer: as many as the row has different ones.

# record_frame DATA METHOD REQUEST: lecternd's answer to $bench_work/frame.
record_frame() {
	serve_lecternd "$1"
	bench.record --server "$LECTERN_SERVER" --method "$2" --request "$3" >"$bench_work/frame" ||
		die "lecternd gives no answer to record"
	stop_servers
}

echo_start() {
	: >"$bench_work/echo.log"
	bench.echo tcp://127.0.0.1:0 "$bench_work/frame" "$echo_copies" >"$bench_work/echo.log" 2>&1 </dev/null &
	server_pids=($!)
	echo_server=$(wait_for_ready $! "$bench_work/echo.log") || {
		cat "$bench_work/echo.log"
		return 1
	}
}

echo_version() {
	echo "nng $(dpkg-query -W -f '${Version}' libnng1 2>/dev/null || echo unknown)"
}
echo_stop() {
	stop_servers
}
