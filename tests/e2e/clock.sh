#!/usr/bin/env bash
# A clock that jumps under a real server: posts are published and expire by it, nothing is undone when
# it jumps back, and nothing is removed because of it.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
build=${LECTERN_BUILD:-$bin/..}
. deploy/steps.sh
command -v jq >/dev/null || {
	echo "skipped: needs jq"
	exit 77
}
work=$(mktemp -d)
server=
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap '[ -z "$server" ] || kill "$server"; wait; rm -rf "$work"' EXIT
export LECTERN_SERVER=ipc://$work/rpc.sock PATH="$bin:$PATH" LC_ALL=C.UTF-8
truncate -s 4096 "$work/control"

# The runtime of a sanitizer has to be loaded before the shim.
preload=$(ldd "$bin/lecternd" | grep -oE '/[^ ]*/lib[at]san\.so[^ ]*' || true)
preload+=${preload:+:}$build/tests/io_shim.so

# clock SECONDS: how far the server's clock is ahead, from now on; clock_offset_ns of struct io_control
# in tests/support/io_control.h.
clock() {
	local ns=$(($1 * 1000000000)) i bytes=
	for ((i = 0; i < 64; i += 8)); do
		bytes+=$(printf '\\x%02x' $((ns >> i & 255)))
	done
	printf '%b' "$bytes" | dd of="$work/control" bs=1 seek=24 conv=notrunc status=none
}

start() {
	env LECTERN_IO_CONTROL="$work/control" LD_PRELOAD="$preload" "$bin/lecternd" \
		--data "$work/data" --listen "$LECTERN_SERVER" --log-format json "$@" 2>>"$work/log" &
	server=$!
	wait_for_ready "$server" "$work/log" >/dev/null || die "no server: $(cat "$work/log")"
}

stop() {
	local status=0
	kill "$server"
	wait "$server" || status=$?
	server=
	[ "$status" -eq 0 ] || die "lecternd ended with $status: $(cat "$work/log")"
	: >"$work/log"
}

revision() {
	lectern -o json info | jq -r .revision
}

state() {
	lectern -o json post get "$1" --view basic | jq -r '.post.state | ltrimstr("POST_STATE_")'
}

# wait_for REVISION FILTER: the first change behind the revision that passes, in 30 seconds.
wait_for() {
	local after=$1 end=$((SECONDS + 30)) page
	while [ $SECONDS -lt $end ]; do
		page=$(lectern --timeout 20000 call ChangeService/ListChanges \
			"{\"afterRevision\": \"$after\", \"waitMs\": 10000}")
		if jq -e "any(.changes[]?; $2)" <<<"$page" >/dev/null; then
			return 0
		fi
		after=$(jq -r '.changes[-1]?.revision // empty' <<<"$page")
		after=${after:-$(revision)}
	done
	die "no change with $2"
}

# Until the change log is empty: the server has looked for what is old enough to go, and a few seconds
# are enough for the log.
wait_for_sweep() {
	local end=$((SECONDS + 30)) now
	while [ $SECONDS -lt $end ]; do
		now=$(revision)
		if lectern call ChangeService/ListChanges "{\"afterRevision\": \"$now\", \"waitMs\": 200}" |
			jq -e ".oldestRevision == \"$((now + 1))\"" >/dev/null; then
			return 0
		fi
	done
	die "nothing is swept"
}

expect() {
	[ "$2" = "$3" ] || die "$1: is $2, not $3"
}

# in_minutes N: a time of the true clock.
in_minutes() {
	date -u -d "+$1 minutes" +%Y-%m-%dT%H:%M:%SZ
}

start --trash-retention 1h --change-retention 4s
lectern post create --title Later --state scheduled --publish-time "$(in_minutes 60)" \
	--set expire_time="$(in_minutes 180)" >/dev/null
lectern post create --title Gone >/dev/null
lectern post delete gone >/dev/null
lectern post create --title Once --request-id the-same >/dev/null
expect "before its time" "$(state later)" SCHEDULED

before=$(revision)
clock $((90 * 60))
wait_for "$before" '.slug == "later" and .state == "POST_STATE_PUBLISHED"'
expect "after a jump of 90 minutes" "$(state later)" PUBLISHED
wait_for_sweep
expect "the trash after a jump of 90 minutes" "$(state gone)" TRASHED

before=$(revision)
clock $((-24 * 3600))
lectern post create --title Back >/dev/null
expect "after a jump back" "$(state later)" PUBLISHED
lectern post create --title Once --request-id the-same >/dev/null
expect "writes since the jump back, one of them a repeat" "$(revision)" $((before + 1))

before=$(revision)
clock $((26 * 3600))
wait_for "$before" '.slug == "later" and .state == "POST_STATE_EXPIRED"'
wait_for_sweep
expect "the trash after a day" "$(state gone)" TRASHED
lectern post create --title Once --request-id the-same >/dev/null
expect "a repeat after a day that was none" "$(revision)" $((before + 1))
lectern check >/dev/null
stop

# The clock of a machine that starts with a wrong one; it is caught up before anybody is answered.
clock 0
start --trash-retention 1h --change-retention 4s
lectern post create --title Soon --state scheduled --publish-time "$(in_minutes 60)" >/dev/null
stop
clock $((300 * 24 * 3600))
start --trash-retention 1h --change-retention 4s
expect "at the first question after a start" "$(state soon)" PUBLISHED
wait_for_sweep
expect "the trash after a start with a wrong clock" "$(state gone)" TRASHED
lectern post create --title Once --request-id the-same >/dev/null
stop

# With the true clock, and a short time, the trash does go, and the log says so.
clock 0
start --trash-retention 2s
lectern post undelete gone >/dev/null
before=$(revision)
lectern post delete gone >/dev/null
wait_for "$before" '.slug == "gone" and .kind == "CHANGE_KIND_PURGED"'
lectern check >/dev/null
stop
