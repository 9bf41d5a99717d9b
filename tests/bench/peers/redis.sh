# Redis, and redis-benchmark as its load. Sourced by rows, behind lecternd.sh and loopback.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the rows

# start_redis OPTION...: on loopback, without snapshots. Redis advises threads for I/O only with four
# processors or more, so it has one, the default.
start_redis() {
	redis_options=(--save '' "$@")
	redis_port=$(free_port)
	rm -rf "$bench_work/redis"
	mkdir "$bench_work/redis"
	redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$bench_work/redis" --daemonize no \
		"${redis_options[@]}" >"$bench_work/redis.log" 2>&1 </dev/null &
	server_pids=($!)
	redis_rate=
	for _ in {1..100}; do
		[ "$(redis ping 2>/dev/null)" != PONG ] || return 0
		sleep 0.1
	done
	cat "$bench_work/redis.log"
	return 1
}

redis() {
	redis-cli -p "$redis_port" "$@"
}

# fill_redis VALUES: with the output of bench.values.
fill_redis() {
	bench.redis_commands <"$1" | redis --pipe >"$bench_work/redis.fill" ||
		die "Redis takes no posts: $(tail -n 3 "$bench_work/redis.fill")"
}

# redis_counters: answers that are errors or have no value, and bytes sent.
redis_counters() {
	redis info stats | tr -d '\r' | awk -F: '
		$1 == "keyspace_misses" || $1 == "total_error_replies" { wrong += $2 }
		$1 == "total_net_output_bytes" { bytes = $2 }
		END { print wrong + 0, bytes + 0 }'
}

# run_redis_benchmark REQUESTS ARGUMENT...: its report. $redis_input is its standard input.
run_redis_benchmark() {
	redis-benchmark -h 127.0.0.1 -p "$redis_port" -n "$@" <"${redis_input:-/dev/null}" 2>&1 |
		tr '\r' '\n'
}

redis_per_second() {
	awk '/throughput summary:/ { printf "%d\n", $3 }' <<<"$1"
}

# load_redis SECONDS ARGUMENT...: redis-benchmark makes a number of requests, so how many there are in
# a second must be known before. It starts as many at once as -P says, and the next ones when all of
# them are answered.
load_redis() {
	local seconds=$1 before after report
	shift
	[ -n "$redis_rate" ] || redis_rate=$(redis_per_second "$(run_redis_benchmark 2000 "$@")")
	before=$(redis_counters)
	report=$(run_redis_benchmark "$((redis_rate * seconds + 1))" "$@")
	after=$(redis_counters)
	redis_rate=$(redis_per_second "$report")
	awk -v before="$before" -v after="$after" '
		/requests completed in/ { requests = $1 }
		/throughput summary:/ { rate = $3 }
		/^[0-9.]+% <=/ { if ($1 + 0 >= 99.9 && p999 == "") p999 = $3 * 1000 }
		/^[0-9.]+% <=/ { if ($1 + 0 >= 90 && p90 == "") p90 = $3 * 1000 }
		summary { p50 = $3 * 1000; p99 = $5 * 1000; summary = 0 }
		$1 == "avg" && $3 == "p50" { summary = 1 }
		END {
			split(before, b, " "); split(after, a, " ")
			if (requests == 0 || rate == 0) exit 1
			printf "{\"requests\":%d,\"failed\":%d,\"elapsed_s\":%.3f,\"p50_us\":%.1f,\"p99_us\":%.1f,", \
				requests, a[1] - b[1], requests / rate, p50, p99
			printf "\"p90_us\":%.1f,\"p999_us\":%.1f,\"response_bytes\":%.0f}\n", p90, p999, a[2] - b[2]
		}' <<<"$report" || {
		echo "$report" >&2
		return 1
	}
}

redis_stop() {
	stop_servers
}
redis_version() {
	redis-server --version | sed 's/.* v=\([^ ]*\).*/Redis \1/'
}
redis_settings() {
	printf '%s\n' "${redis_options[@]}" | jq -Rsc '{options: split("\n")[:-1]}'
}
