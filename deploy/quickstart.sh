#!/usr/bin/env bash
# From a fresh clone on Debian 12 or 13 to archives served from a running server.
set -euo pipefail

usage() {
	cat <<'END'
usage: deploy/quickstart.sh [--keep] [--help]

Installs the Debian packages that are missing (as root or through sudo), builds Lectern, starts
lecternd on a temporary data directory and a free loopback port, imports deploy/sample, shows a few
pages through the client and stops the server.

  --keep   leave the server running; tells how to talk to it and how to stop it
  --help   this text
END
}

keep=
for argument in "$@"; do
	case $argument in
	--keep) keep=1 ;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/lectern-quickstart.XXXXXX")
LECTERN_LOGS=$work
. deploy/steps.sh
server=
finished=

# The work directory stays when the server is kept or when its logs are needed. An interrupt ends with
# everything removed.
clean_up() {
	if [ -n "$server" ] && { [ -z "$finished" ] || [ -z "$keep" ]; }; then
		kill -TERM "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	if [ -n "$finished" ] && [ -z "$keep" ]; then
		rm -rf "$work"
	else
		rmdir "$work" 2>/dev/null || true
	fi
}
trap clean_up EXIT
trap 'finished=1 keep=; exit 130' INT
trap 'finished=1 keep=; exit 143' TERM

build() {
	cmake --preset release -DLECTERN_TESTS=OFF && cmake --build --preset release
}

# Starts the server in the background, out of reach of this terminal's signals where it is to stay.
start_server() {
	local detached=()
	if [ -n "$keep" ]; then
		detached=(setsid)
	fi
	"${detached[@]}" "$bin/lecternd" --data "$work/data" --listen tcp://127.0.0.1:0 \
		>"$work/lecternd.log" 2>&1 </dev/null &
	server=$!
	if ! address=$(wait_for_ready "$server" "$work/lecternd.log"); then
		tail -n 20 "$work/lecternd.log" | sed 's/^/  | /' >&2
		die "lecternd did not become ready. Its log: $work/lecternd.log"
	fi
}

# show LINES ARGUMENT...: a client command as a reader would type it, with its first lines.
show() {
	local shown=$1 status=0
	shift
	printf '\n$ lectern'
	printf ' %q' "$@"
	printf '\n'
	"$bin/lectern" "$@" >"$work/shown" 2>"$work/shown.err" || status=$?
	if [ "$status" -ne 0 ]; then
		cat "$work/shown.err" >&2
		die "lectern $* ended with status $status"
	fi
	head -n "$shown" "$work/shown"
	if [ "$(wc -l <"$work/shown")" -gt "$shown" ]; then
		printf '   ... %d more lines\n' "$(($(wc -l <"$work/shown") - shown))"
	fi
}

say "Lectern quickstart: packages, build, server, sample content, three pages"
install_packages build
hint="To start over: rm -r build/release"
step "building (release, build/release)" build
hint=
bin=$root/build/release/bin
for program in lecternd lectern; do
	[ -x "$bin/$program" ] || die "the build made no $bin/$program"
done

start_server
say "lecternd is ready on $address"
export LECTERN_SERVER=$address
step "importing deploy/sample" "$bin/lectern" import jsonl deploy/sample/*.jsonl
tail -n 1 "$work"/importing*.log

show 28 archive tag databases
show 28 archive category engineering --page-size 10 --page 2 --view basic
show 28 post get why-pages-beat-offsets
show 11 info

finished=1
printf '\n'
if [ -n "$keep" ]; then
	disown "$server"
	cat <<END
The server goes on. Talk to it:
  export LECTERN_SERVER=$address PATH="$bin:\$PATH"
  lectern archive tag writing
  lectern --help
Stop it and remove its data:
  kill $server && rm -r $work
END
else
	kill -TERM "$server"
	status=0
	wait "$server" || status=$?
	server=
	[ "$status" -eq 0 ] || die "lecternd ended with status $status"
	say "The server has stopped and its data is gone. Again, and to stay: deploy/quickstart.sh --keep"
fi
