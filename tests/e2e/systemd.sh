#!/usr/bin/env bash
# The unit for systemd is one that systemd understands, is as closed as it says, and allows every
# system call that lecternd makes.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
for command in systemd-analyze strace curl; do
	command -v "$command" >/dev/null || {
		echo "skipped: needs $command"
		exit 77
	}
done
work=$(mktemp -d)
tracer=
trap '[ -z "$tracer" ] || kill "$tracer" 2>/dev/null || true; rm -rf "$work"' EXIT
export PATH="$bin:$PATH" LC_ALL=C.UTF-8 SYSTEMD_PAGER=
EXPOSURE_MAX=15 # tenths; systemd's scale goes to 100

test_unit() {
	mkdir -p "$work/unit/lecternd.service.d"
	sed "s|@CMAKE_INSTALL_FULL_BINDIR@|$bin|; /^Documentation/d" deploy/systemd/lecternd.service.in \
		>"$work/unit/lecternd.service"
	systemd-analyze verify "$work/unit/lecternd.service" >"$work/verify" 2>&1 || true
	cp deploy/systemd/exposed.conf "$work/unit/lecternd.service.d/"
	systemd-analyze verify "$work/unit/lecternd.service" >>"$work/verify" 2>&1 || true
	! grep -E 'lecternd\.service|exposed\.conf' "$work/verify" || die "systemd does not like the unit"
	systemd-analyze security --offline=true --threshold="$EXPOSURE_MAX" --no-pager \
		"$work/unit/lecternd.service" >"$work/security" || {
		grep '✗' "$work/security"
		die "the unit is less closed than it was"
	}
	tail -n 1 "$work/security"
}

# expand SET: the system calls of a set, sets in it included.
expand() {
	local name
	while read -r name; do
		case $name in
		'' | '#'* | "$1") ;;
		@*) expand "$name" ;;
		*) echo "$name" ;;
		esac
	done < <(systemd-analyze syscall-filter "$1")
}

allowed_calls() {
	local line set
	sed -n 's/^SystemCallFilter=//p' deploy/systemd/lecternd.service.in >"$work/filters"
	while read -r line; do
		for set in ${line#\~}; do
			expand "$set"
		done | sort -u >"$work/set"
		case $line in
		\~*) sort -u "$work/allowed" | comm -23 - "$work/set" >"$work/less" && mv "$work/less" "$work/allowed" ;;
		*) cat "$work/set" >>"$work/allowed" ;;
		esac
	done <"$work/filters"
	sort -u "$work/allowed"
}

# Starts, takes writes, reads, serves HTTP, backs up, checks, reloads, publishes, stops.
test_calls() {
	local status=0 server
	# LeakSanitizer cannot run in a program that is traced.
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$work/trace" -e trace=all -e signal=none lecternd --data "$work/data" \
		--listen "ipc://$work/rpc.sock" --listen tcp://127.0.0.1:0 --publish tcp://127.0.0.1:0 \
		--http 127.0.0.1:0 \
		>"$work/log" 2>&1 </dev/null &
	tracer=$!
	wait_for_ready "$tracer" "$work/log" >/dev/null || {
		cat "$work/log"
		if grep -q 'ptrace' "$work/log"; then
			echo "skipped: may not trace"
			exit 77
		fi
		die "lecternd did not become ready"
	}
	export LECTERN_SERVER=ipc://$work/rpc.sock
	lectern import jsonl deploy/sample/*.jsonl | tail -n 1
	lectern search fsync >/dev/null
	lectern archive dates --time-zone Europe/Berlin >/dev/null
	lectern watch --since 0 --count 3 --no-wait >/dev/null
	curl -sSf "$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$work/log")/readyz" >/dev/null
	lectern backup >/dev/null
	lectern check >/dev/null
	server=$(pgrep -P "$tracer")
	kill -HUP "$server"
	lectern health >/dev/null
	kill -TERM "$server"
	wait "$tracer" || status=$?
	tracer=
	[ "$status" -eq 0 ] || die "lecternd ended with status $status"
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$work/trace" | sort -u >"$work/made"
	# What starts it is systemd's own doing, before the filter.
	grep -vx execve "$work/made" | comm -23 - <(allowed_calls) >"$work/forbidden"
	[ ! -s "$work/forbidden" ] || {
		cat "$work/forbidden"
		die "lecternd makes system calls that the unit forbids"
	}
	grep -qx fdatasync "$work/made" || die "the trace shows no fdatasync"
	say "$(wc -l <"$work/made") system calls, all of them allowed"
}

test_unit
test_calls
