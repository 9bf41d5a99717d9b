# Servers of a test, in the folder $work, which the sourcing script has made. Sourced behind
# deploy/steps.sh.
# shellcheck shell=bash

servers=()
: "${work:?the folder of the test}"

# Ends those that still run; for the script's end, before $work goes.
kill_servers() {
	[ "${#servers[@]}" -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
}

# start NAME [ADDRESS [OPTION...]]: an empty server; LECTERN_SERVER is its address from now on.
start() {
	lecternd --data "$work/$1" --listen "${2:-ipc://$work/$1.sock}" "${@:3}" >"$work/$1.log" 2>&1 </dev/null &
	servers+=($!)
	LECTERN_SERVER=$(wait_for_ready $! "$work/$1.log") || {
		cat "$work/$1.log"
		die "lecternd did not become ready"
	}
	export LECTERN_SERVER
}

# http_of NAME: where the server answers HTTP, as its log says.
http_of() {
	sed -n 's/.*"msg":"ready".*"http":"\([^" ]*\).*/\1/p' "$work/$1.log"
}

# stop: the last one that was started; it has to end with 0.
stop() {
	local status=0 pid=${servers[-1]}
	unset 'servers[-1]'
	kill -TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" -eq 0 ] || die "lecternd ended with status $status"
}

# same WHAT EXPECTED ACTUAL: two files.
same() {
	diff -u "$2" "$3" >"$work/diff" || {
		head -n 40 "$work/diff"
		die "$1: not the same"
	}
}

# ends_with LINE COMMAND...: the last line of the output.
ends_with() {
	local line=$1 got
	shift
	got=$("$@" | tail -n 1)
	[ "$got" = "$line" ] || die "$*: expected \"$line\", got \"$got\""
}
