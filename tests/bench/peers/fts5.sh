# SQLite FTS5 in a process of its own that answers from a file, and as a service that speaks
# Lectern's protocol. Sourced by rows, behind lecternd.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the rows

# prepare_fts5 DATA VALUES: makes the database once and keeps it beside the store; $fts5_db.
prepare_fts5() {
	local settings
	settings=$(bench.fts5 settings | sha256sum)
	fts5_db=$(dirname "$1")/fts5-${settings:0:8}.db
	[ -f "$fts5_db" ] && return
	rm -f "$fts5_db".*
	bench.fts5 load "$fts5_db.new" <"$2" || die "FTS5 takes no posts"
	rm -f "$fts5_db.new-wal" "$fts5_db.new-shm"
	mv "$fts5_db.new" "$fts5_db"
}

fts5_version() {
	bench.fts5 settings | jq -r .version
}
fts5_settings() {
	bench.fts5 settings | jq -c .settings
}

# In one process: it waits for how long it is to search, and answers with what came of it.
fts5_start() {
	mkfifo "$bench_work/fts5.in" "$bench_work/fts5.out"
	bench.fts5 run "$fts5_db" "$bench_work/search.jsonl" count <"$bench_work/fts5.in" \
		>"$bench_work/fts5.out" &
	server_pids=($!)
	exec {fts5_in}>"$bench_work/fts5.in" {fts5_out}<"$bench_work/fts5.out"
}
fts5_load() { # SECONDS
	local line
	echo "$1" >&"$fts5_in"
	read -r line <&"$fts5_out" || return 1
	printf '%s\n' "$line"
}
fts5_stop() {
	exec {fts5_in}>&- {fts5_out}<&-
	stop_servers
	rm -f "$bench_work/fts5.in" "$bench_work/fts5.out"
}

fts5_service_start() {
	: >"$bench_work/fts5.log"
	bench.fts5_serve "$fts5_db" tcp://127.0.0.1:0 "$(nproc)" >"$bench_work/fts5.log" 2>&1 </dev/null &
	server_pids=($!)
	fts5_server=$(wait_for_ready $! "$bench_work/fts5.log") || {
		cat "$bench_work/fts5.log"
		return 1
	}
}
fts5_service_stop() {
	stop_servers
}
fts5_service_version() {
	fts5_version
}
fts5_service_settings() {
	bench.fts5 settings | jq -c --argjson threads "$(nproc)" '.settings + {threads: $threads}'
}
