# lecternd, and the load of `lectern bench`. Sourced by rows.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the rows

# serve_lecternd DATA [OPTION...]: on loopback, with a copy of the data so that rows cannot harm each
# other. Sets LECTERN_SERVER.
serve_lecternd() {
	rm -rf "${bench_work:?}/data"
	cp -r --reflink=auto "$1" "$bench_work/data"
	start_lecternd "$bench_work/data" "${@:2}"
}

# start_lecternd DATA [OPTION...]: the same with the data itself, a copy of the row's.
start_lecternd() {
	: >"$bench_work/lecternd.log" # else the address of the server before may be read
	lecternd --data "$1" --listen tcp://127.0.0.1:0 "${@:2}" >"$bench_work/lecternd.log" \
		2>&1 </dev/null &
	server_pids=($!)
	LECTERN_SERVER=$(wait_for_ready $! "$bench_work/lecternd.log") || {
		cat "$bench_work/lecternd.log"
		return 1
	}
	export LECTERN_SERVER
}

# stop_servers: those of server_pids.
stop_servers() {
	kill "${server_pids[@]}" 2>/dev/null || true
	wait "${server_pids[@]}" 2>/dev/null || true
	server_pids=()
}

# load_lectern SERVER SECONDS OPTION...: `lectern bench` as the load of a row.
load_lectern() {
	lectern --server "$1" bench -o json --duration "$2" --timeout 5000 "${@:3}" | jq -c '{
		requests: .succeeded.count, elapsed_s, failed: (([.errors[]] | add // 0) + .unanswered + .unsent),
		p50_us: (.succeeded.p50_ms * 1000), p90_us: (.succeeded.p90_ms * 1000), p99_us: (.succeeded.p99_ms * 1000),
		p999_us: (.succeeded.p999_ms * 1000), response_bytes: .received_bytes}'
}

lecternd_version() {
	lecternd --version | sed 's/^lecternd //'
}
lecternd_stop() {
	stop_servers
}

# The same without what it keeps of answers: every call is read from the store. For rows that have
# $data and lecternd_load.
lecternd_uncached_start() {
	serve_lecternd "$data" --reply-cache 0
}
lecternd_uncached_load() {
	lecternd_load "$1"
}
lecternd_uncached_version() {
	lecternd_version
}
lecternd_uncached_stop() {
	stop_servers
}
