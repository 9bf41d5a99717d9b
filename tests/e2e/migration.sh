#!/usr/bin/env bash
# Stores that released versions left behind (tests/data/stores) are opened by this one: everything is
# there as it was, ids, etags and revisions too, whenever a kill -9 comes in between.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
build=${LECTERN_BUILD:-$bin/..}
stores=$PWD/tests/data/stores
. deploy/steps.sh
command -v jq >/dev/null || {
	echo "skipped: needs jq"
	exit 77
}
work=$(mktemp -d)
server=
follower=
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
export LECTERN_SERVER=ipc://$work/rpc.sock PATH="$bin:$PATH" LC_ALL=C.UTF-8
unset COLUMNS
mkfifo "$work/pipe"

# The runtime of a sanitizer has to be loaded before the shim.
preload=$(ldd "$bin/lecternd" | grep -oE '/[^ ]*/lib[at]san\.so[^ ]*' || true)
preload+=${preload:+:}$build/tests/io_shim.so

# Numbers of 32 bits, as struct io_control of tests/support/io_control.h has them.
words() {
	local word
	for word in "$@"; do
		printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((word & 255)) \
			$((word >> 8 & 255)) $((word >> 16 & 255)) $((word >> 24 & 255)))"
	done
}

# kill_at N: the server is killed instead of its Nth write or sync of data.mdb. 0: never.
kill_at() {
	local mode=4 calls=7 # IO_KILL; IO_WRITE, IO_SYNC and IO_META
	if [ "$1" -eq 0 ]; then
		mode=0
	fi
	words "$mode" "$calls" 0 "$1" 1 >"$work/control"
	truncate -s 4096 "$work/control"
}

unpack() {
	rm -rf "$work/data"
	mkdir "$work/data"
	zcat "$stores/format-$1.mdb.gz" >"$work/data/data.mdb"
}

# Waits for the server's end and sets $status; the shell's word about a killed one is not news.
reap() {
	exec {lines}<&-
	status=0
	wait "$server" 2>/dev/null || status=$?
	server=
	[ -z "$follower" ] || wait "$follower"
	follower=
}

# Succeeds when the server is ready, fails when it was killed. Its log comes through a pipe, which ends
# with it.
start() {
	local line
	: >"$work/log"
	LECTERN_IO_CONTROL=$work/control LD_PRELOAD=$preload "$bin/lecternd" --data "$work/data" \
		--listen "$LECTERN_SERVER" --log-format json >"$work/pipe" 2>&1 </dev/null &
	server=$!
	exec {lines}<"$work/pipe"
	while IFS= read -r -u "$lines" line; do
		printf '%s\n' "$line" >>"$work/log"
		if [[ $line == *'"msg":"ready"'* ]]; then
			cat <&"$lines" >>"$work/log" &
			follower=$!
			return 0
		fi
	done
	reap
	[ "$status" -eq $((128 + 9)) ] || die "lecternd ended with $status: $(cat "$work/log")"
	return 1
}

stop() {
	kill "$server"
	reap
	[ "$status" -eq 0 ] || die "lecternd ended with $status: $(cat "$work/log")"
}

# compare FORMAT LABEL: the content is that which the older version showed.
compare() {
	zcat "$stores/format-$1.jsonl.gz" >"$work/want"
	bash "$stores/dump.sh" >"$work/got"
	diff "$work/want" "$work/got" >"$work/diff" || {
		cut -c 1-300 "$work/diff" | head -n 20
		die "format $1, $2: the content has changed"
	}
	lectern check >/dev/null || die "format $1, $2: $(lectern check)"
}

# What is not content to look at: answers that were kept, the search index, writing.
use() {
	local before after
	before=$(lectern call AdminService/GetServerInfo | jq -r .revision)
	lectern call PostService/CreatePost - <"$stores/kept-request.json" >"$work/answer"
	jq -e --slurpfile want <(jq -c 'select(.post.title == "Asked twice")' "$work/want") \
		'.post.id == $want[0].post.id and .post.etag == $want[0].post.etag' \
		"$work/answer" >/dev/null || die "format $1: the kept answer is another one"
	after=$(lectern call AdminService/GetServerInfo | jq -r .revision)
	[ "$before" = "$after" ] || die "format $1: a repeat has changed the store"
	[ "$(lectern search quagga --page-size 1 -o json | jq -r .totalSize)" = 29 ] ||
		die "format $1: not all posts are found by their words"
	[ "$(lectern search 深度学习 -o json | jq -r .totalSize)" = 2 ] ||
		die "format $1: not all Chinese posts are found"
	lectern post create --title New --tag C11 --state published >/dev/null
	lectern post update a-long-one --excerpt "Shorter" >/dev/null
	lectern check >/dev/null || die "format $1: $(lectern check)"
}

# Whether the server had something to tell before it was ready: that it works on the store.
is_silent() {
	jq -e -s '[.[] | select(.level == "info")][0].msg == "ready"' "$work/log" >/dev/null
}

try() {
	local format=$1 moments=0
	kill_at 0
	unpack "$format"
	start || die "format $format: killed by nobody"
	compare "$format" "first start"
	stop
	start || die "format $format: killed by nobody"
	is_silent || die "format $format: the second start works on the store again: $(cat "$work/log")"
	compare "$format" "second start"
	use "$format"
	stop

	# As a backup, too.
	unpack "$format"
	mv "$work/data/data.mdb" "$work/backup.mdb"
	lecternd --data "$work/data" --restore "$work/backup.mdb" >"$work/log" 2>&1 ||
		die "format $format: not restored: $(cat "$work/log")"
	start || die "format $format: killed by nobody"
	compare "$format" "restored"
	stop

	# Killed at each moment, in a store that was killed at the moment before.
	for ((moment = 1; ; moment++)); do
		unpack "$format"
		kill_at "$moment"
		if start; then
			stop
			break
		fi
		moments=$moment
		kill_at $((moment / 2 + 1))
		if start; then
			stop
		fi
		kill_at 0
		start || die "format $format: killed by nobody"
		compare "$format" "killed at call $moment"
		stop
	done
	echo "format $format: the same, also after kill -9 at each of $moments calls"
}

for store in "$stores"/format-*.mdb.gz; do
	format=${store##*/format-}
	try "${format%.mdb.gz}"
done
