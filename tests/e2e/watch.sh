#!/usr/bin/env bash
# lectern watch against a real server: every change once and in order, whatever ends in between; how it
# ends itself, and what it keeps.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
command -v jq >/dev/null || {
	echo "skipped: needs jq"
	exit 77
}
work=$(mktemp -d)
server=
watcher=
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap '[ -z "$watcher" ] || kill "$watcher"; [ -z "$server" ] || kill "$server"; wait; rm -rf "$work"' EXIT
feed=ipc://$work/pub.sock
export LECTERN_SERVER=ipc://$work/rpc.sock PATH="$bin:$PATH" LC_ALL=C.UTF-8
failed=0
posts=0

# start OPTION...: a server on the data of the one before.
start() {
	: >"$work/log"
	"$bin/lecternd" --data "$work/data" --listen "$LECTERN_SERVER" --publish "$feed" "$@" \
		>>"$work/log" 2>&1 </dev/null &
	server=$!
	wait_for_ready "$server" "$work/log" >/dev/null || die "no server: $(cat "$work/log")"
}

stop() { # [SIGNAL]
	kill "-${1:-TERM}" "$server"
	{ wait "$server" || true; } 2>/dev/null # says "Killed"
	server=
}

write() { # COUNT: makes so many changes, each a post
	local i
	for ((i = 0; i < $1; i++)); do
		posts=$((posts + 1))
		lectern post create --title "Post $posts" >/dev/null
	done
}

revision() {
	lectern -o json info | jq -r .revision
}

epoch() {
	lectern -o json info | jq -r .epoch
}

complain() {
	printf '%s\n' "$*"
	failed=1
}

# same WANT GOT LABEL
same() {
	[ "$1" = "$2" ] || complain "$3: \"$2\", not \"$1\""
}

# expect STATUS OUT ERR ARGUMENT...: runs lectern watch; the texts stand in its output and its errors,
# an empty one means that there is nothing at all.
expect() {
	local want=$1 out=$2 err=$3 status=0
	shift 3
	timeout 60 lectern watch "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	same "$want" "$status" "watch $*: status"
	grep -qF -- "$out" "$work/out" || [ -z "$out" ] || complain "watch $*: no \"$out\" in the output"
	grep -qF -- "$err" "$work/err" || [ -z "$err" ] || complain "watch $*: no \"$err\" in the errors"
	[ -n "$out" ] || [ ! -s "$work/out" ] || complain "watch $*: there is output"
	[ -n "$err" ] || [ ! -s "$work/err" ] || complain "watch $*: there are errors: $(cat "$work/err")"
}

# watch FILE ARGUMENT...: in the background, its output to the file; $watcher is its process.
watch() {
	local file=$1
	shift
	"$bin/lectern" -o jsonl watch "$@" >>"$file" 2>"$work/watch.err" </dev/null &
	watcher=$!
}

# ended STATUS LABEL: waits for the watch to end.
ended() {
	local status=0
	{ wait "$watcher" || status=$?; } 2>/dev/null
	watcher=
	same "$1" "$status" "$2: status"
	[ ! -s "$work/watch.err" ] || complain "$2: $(cat "$work/watch.err")"
}

# wait_for FILE REVISION: until the change stands in the file.
wait_for() {
	local line follower
	exec {follower}< <(exec timeout 60 tail -n +1 -f "$1")
	while IFS= read -r -u "$follower" line; do
		[ "$(jq -r .revision <<<"$line")" != "$2" ] || break
	done
	kill $! 2>/dev/null || true
	exec {follower}<&-
	[ "$(jq -r .revision <<<"$line")" = "$2" ] || die "revision $2 never came"
}

# all FILE FROM TO LABEL: the file has these revisions, once each and in order.
all() {
	seq "$2" "$3" >"$work/want"
	jq -r .revision "$1" | diff "$work/want" - >"$work/diff" || complain "$4: $(head -n 5 "$work/diff")"
}

# all_at_least_once FILE FROM TO LABEL: no gap, but what was not kept may come again.
all_at_least_once() {
	local got last=$(($2 - 1))
	while read -r got; do
		[ "$got" -le $((last + 1)) ] || complain "$4: $got behind $last"
		[ "$got" -le "$last" ] || last=$got
	done < <(jq -r .revision "$1")
	same "$3" "$last" "$4: the last one"
}

start
write 3

# What has been, and what comes.
expect 0 '       2  ' '' --since 0 --no-wait
expect 0 'created  post 3          draft                  post-3' '' --since 2 --until 3
expect 0 '' '' --no-wait
expect 0 '' '' --until 3
expect 0 '' '' --since 2 --until 2
expect 0 'post-2' '' --since 1 --epoch "$(epoch)" --count 1
lectern -o jsonl watch --since 0 --no-wait >"$work/lines"
all "$work/lines" 1 3 'from the start'
same "$(lectern call ChangeService/ListChanges | jq -c '.changes[]')" "$(cat "$work/lines")" 'as ListChanges has it'
same "$(lectern -o json watch --since 0 --no-wait)" "$(cat "$work/lines")" 'a document'
lectern post update post-1 --slug first >/dev/null
lectern tag create js >/dev/null
lectern tag create javascript >/dev/null
lectern tag merge js --into javascript >/dev/null
expect 0 'draft                  first (was post-1)' '' --since 3 --no-wait
expect 0 'js > javascript' '' --since 3 --no-wait

# Once each and in order, while servers end in every way; with the feed and without it, and with one
# that nobody offers.
for url in '' "$feed" "ipc://$work/nobody.sock"; do
	from=$(revision)
	: >"$work/once"
	watch "$work/once" --since "$from" --until $((from + 60)) ${url:+--feed "$url"}
	for signal in TERM KILL INT KILL TERM KILL; do
		write 5
		stop "$signal"
		start
		write 5
	done
	ended 0 "watching with feed \"$url\""
	all "$work/once" $((from + 1)) $((from + 60)) "watching with feed \"$url\""
done

# Nothing is missed when the watch is killed as well.
from=$(revision)
rm -f "$work/position"
: >"$work/kept"
lectern watch --state "$work/position" --no-wait
same "$from" "$(jq -r .revision "$work/position")" 'the position of now'
for signal in KILL TERM KILL INT; do
	watch "$work/kept" --state "$work/position" --feed "$feed"
	write 7
	wait_for "$work/kept" "$(revision)"
	[ "$signal" != KILL ] || stop KILL
	kill "-$signal" "$watcher"
	if [ "$signal" = KILL ]; then
		ended 137 'killed'
	else
		ended 0 "ended by SIG$signal"
		same "$(revision)" "$(jq -r .revision "$work/position")" "SIG$signal: the position"
	fi
	[ -n "$server" ] || start
	write 2
done
lectern -o jsonl watch --state "$work/position" --no-wait >>"$work/kept"
all_at_least_once "$work/kept" $((from + 1)) "$(revision)" 'killed and started again'
same "$(revision) $(epoch)" "$(jq -r '"\(.revision) \(.epoch)"' "$work/position")" 'the last position'
same '' "$(find "$work" -name 'position.part')" 'what is left over'

# A reader that goes: the output ends, and so does the watch, also while it waits for a change.
{
	lectern -o jsonl watch --since 0 2>"$work/err" || echo $? >"$work/status"
} | head -n 1 >"$work/out"
same 1 "$(jq -r .revision "$work/out")" 'what it has read'
same '1 ' "$(cat "$work/status") $(cat "$work/err")" 'a reader that goes'
{
	timeout 60 "$bin/lectern" watch 2>"$work/err" || echo $? >"$work/status"
} | true
same '1 ' "$(cat "$work/status") $(cat "$work/err")" 'nobody reads'

# What cannot be had.
expect 75 '' 'REVISION_AHEAD' --since 100000
expect 75 '' 'EPOCH_CHANGED' --since 1 --epoch 0123456789abcdef
expect 2 '' '--epoch belongs to a revision' --epoch 0123456789abcdef
expect 2 '' 'must begin with tcp://, tls+tcp:// or ipc://' --feed http://127.0.0.1:1
stop
start --changes-kept 10 --change-retention 1s
end=$((SECONDS + 60))
until [ "$(lectern call ChangeService/ListChanges "{\"afterRevision\": $(revision), \"waitMs\": 200}" |
	jq -r .oldestRevision)" -gt 2 ]; do
	[ "$SECONDS" -lt "$end" ] || die 'the log is not trimmed'
done
expect 75 '' 'CHANGES_TRIMMED' --since 1
expect 75 '' 'read everything anew, then watch --since' --since 1
stop
start

# A backup that is restored has another history.
lectern call AdminService/CreateBackup '{"name": "a.mdb"}' >/dev/null
write 5
lectern watch --state "$work/position" --no-wait >/dev/null
stop
mv "$work/data" "$work/before"
"$bin/lecternd" --restore "$work/before/backups/a.mdb" --data "$work/data" >"$work/restore" 2>&1 ||
	die "restore: $(cat "$work/restore")"
start
cp "$work/position" "$work/kept"
expect 75 '' 'EPOCH_CHANGED' --state "$work/position" --no-wait
expect 75 '' "before that remove $work/position" --state "$work/position"
same '' "$(diff "$work/kept" "$work/position")" 'the position of a history that is over'
stop
expect 78 '' 'NOT_CONNECTED' --since 1
exit $failed
