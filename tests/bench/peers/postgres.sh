# PostgreSQL, and pgbench as its load. Sourced by rows, behind lecternd.sh and loopback.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the rows

postgres_sql=$PWD/tests/bench/peers/postgres

# postgres_programs: the folder of the newest server; nothing where there is none.
postgres_programs() {
	local folder newest=
	for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
		[ ! -x "$folder/postgres" ] || newest=$folder
	done
	printf '%s\n' "$newest"
}
postgres_bin=$(postgres_programs)
[ -z "$postgres_bin" ] || PATH=$postgres_bin:$PATH

# What is not as PostgreSQL has it by default, "NAME = VALUE # WHY" each. synchronous_commit, fsync and
# full_page_writes are on by default, and stay so.
postgres_configuration() {
	local memory_mb
	memory_mb=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
	cat <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = $((memory_mb / 4))MB # a quarter of the memory, as the manual advises
effective_cache_size = $((memory_mb / 2))MB # what the system may keep in its cache
huge_pages = try
random_page_cost = 1.1 # all data are in memory or on flash
max_wal_size = 8GB # no checkpoint while it is measured
min_wal_size = 2GB # segments are used again rather than made
checkpoint_timeout = 30min
wal_buffers = 64MB
jit = off # it pays for long queries only
synchronous_commit = on
END
}

# PostgreSQL does not run as root.
as_postgres=()
[ "$(id -u)" -ne 0 ] || as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups --)

# start_postgres DIRECTORY: on loopback.
start_postgres() {
	postgres_port=$(free_port)
	(
		cd "$1" || exit # where it may be
		exec "${as_postgres[@]}" "$postgres_bin/postgres" -D "$1" -p "$postgres_port"
	) >"$bench_work/postgres.log" 2>&1 </dev/null &
	server_pids=($!)
	for _ in {1..300}; do
		! pg_isready -q -h 127.0.0.1 -p "$postgres_port" || return 0
		[ -d "/proc/${server_pids[0]}" ] || break
		sleep 0.1
	done
	cat "$bench_work/postgres.log"
	return 1
}

# stop_postgres: disconnects whoever is there; at once if that takes long.
stop_postgres() {
	local pid=${server_pids[0]:-}
	[ -n "$pid" ] || return 0
	kill -INT "$pid" 2>/dev/null || true
	for _ in {1..300}; do
		[ -d "/proc/$pid" ] || break
		sleep 0.1
	done
	kill -QUIT "$pid" 2>/dev/null || true # does not wait for anything
	wait "$pid" 2>/dev/null || true
	server_pids=()
}

sql() { # DATABASE ARGUMENT...
	psql -q -X -h 127.0.0.1 -p "$postgres_port" -U bench -d "$1" "${@:2}"
}

# prepare_postgres VALUES: a cluster in $bench_work/postgres with the databases "posts" and "search";
# VALUES is the output of bench.values --view full.
prepare_postgres() {
	local cluster=$bench_work/postgres rows=$bench_work/rows
	chmod 711 "$bench_work"
	mkdir "$cluster" "$rows"
	[ "$(id -u)" -ne 0 ] || chown postgres: "$cluster"
	bench.postgres_rows "$rows" <"$1" || die "no rows for PostgreSQL"
	(
		cd "$cluster" || exit
		"${as_postgres[@]}" "$postgres_bin/initdb" -D "$cluster" -U bench --auth=trust --encoding=UTF8 \
			--locale=C.UTF-8
	) >"$bench_work/initdb.log" 2>&1 || die "initdb: $(tail -n 3 "$bench_work/initdb.log")"
	postgres_configuration >>"$cluster/postgresql.conf"
	start_postgres "$cluster" || die "PostgreSQL does not start"
	createdb -h 127.0.0.1 -p "$postgres_port" -U bench posts
	(cd "$rows" && sql posts -f "$postgres_sql/schema.sql") >/dev/null || die "PostgreSQL takes no posts"
	createdb -h 127.0.0.1 -p "$postgres_port" -U bench -T posts search
	sql search -f "$postgres_sql/search.sql" || die "PostgreSQL makes no index for search"
	sql posts -c CHECKPOINT
	stop_postgres
	rm -r "$rows"
}

# serve_postgres: with a copy of the cluster.
serve_postgres() {
	rm -rf "$bench_work/cluster"
	cp -a --reflink=auto "$bench_work/postgres" "$bench_work/cluster"
	start_postgres "$bench_work/cluster"
}

# load_postgres DATABASE SCRIPT SECONDS OPTION...: pgbench with one of our scripts.
load_postgres() {
	local report logs=$bench_work/pgbench
	rm -rf "$logs"
	mkdir "$logs"
	report=$(pgbench -h 127.0.0.1 -p "$postgres_port" -U bench -n -M prepared -T "$3" \
		-l --log-prefix="$logs/log" -f "$postgres_sql/$2.sql" "${@:4}" "$1" 2>&1) || {
		echo "$report" >&2
		return 1
	}
	cat "$logs"/log* | awk '{ print $3 }' | sort -n | awk -v report="$report" '
		function number(name, text) {
			if (!match(report, name "[^0-9]*[0-9.]+")) return 0
			text = substr(report, RSTART, RLENGTH)
			sub(/.*[^0-9.]/, "", text)
			return text + 0
		}
		{ times[NR] = $1 }
		function at(share) { return times[int((NR - 1) * share) + 1] }
		END {
			done = number("actually processed:"); rate = number("tps =")
			if (NR == 0 || rate == 0) exit 1
			printf "{\"requests\":%d,\"failed\":%d,\"elapsed_s\":%.3f,\"p50_us\":%d,\"p90_us\":%d,", \
				done, number("failed transactions:"), done / rate, at(0.5), at(0.9)
			printf "\"p99_us\":%d,\"p999_us\":%d}\n", at(0.99), at(0.999)
		}' || {
		echo "$report" >&2
		return 1
	}
}

postgres_start() {
	serve_postgres
}
postgres_stop() {
	stop_postgres
}
postgres_version() {
	postgres --version | sed 's/^postgres (PostgreSQL) \([^ ]*\).*/PostgreSQL \1/'
}
postgres_settings() {
	postgres_configuration | jq -Rn '[inputs | capture("^(?<key>[^ ]+) = (?<value>[^#]*[^# ])")] | from_entries'
}
