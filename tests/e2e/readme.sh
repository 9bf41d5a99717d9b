#!/usr/bin/env bash
# What README.md and docs/api.md tell people to type works as it stands there.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
for command in jq cc nngcat protoc; do
	command -v "$command" >/dev/null || {
		echo "skipped: needs $command"
		exit 77
	}
done
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT

# blocks LANGUAGE FILE FROM: the fenced blocks of the section that begins with the heading FROM.
blocks() {
	awk -v language="$1" -v from="$3" '
		/^## / { inside = $0 == from }
		/^```/ && !fenced { fenced = 1; wanted = inside && $0 == "```" language; next }
		/^```/ { fenced = 0; wanted = 0 }
		wanted' "$2"
}

"$bin/lecternd" --data "$work/data" --listen tcp://127.0.0.1:0 >"$work/log" 2>&1 </dev/null &
server=$!
LECTERN_SERVER=$(wait_for_ready "$server" "$work/log") || {
	cat "$work/log"
	die "lecternd did not become ready"
}
export LECTERN_SERVER PATH="$bin:$PATH"
lectern import jsonl deploy/sample/*.jsonl
lectern import jsonl deploy/sample/*.jsonl | grep -q '^0 created, 0 updated, 35 unchanged, 0 refused$' ||
	die "a second import of deploy/sample changes something"

# follow FILE HEADING TEXT...: runs the shell blocks and looks for the texts in their output.
follow() {
	local file=$1 heading=$2 text
	shift 2
	blocks sh "$file" "$heading" | sed "s|tcp://127.0.0.1:7400|$LECTERN_SERVER|" >"$work/script"
	[ -s "$work/script" ] || die "$file: no block of shell under \"$heading\""
	bash -xeuo pipefail "$work/script" >"$work/output" 2>"$work/trace" || {
		tail -n 20 "$work/output" "$work/trace"
		die "$file: what stands under \"$heading\" does not work"
	}
	for text in "$@"; do
		grep -qF -- "$text" "$work/output" || die "$file, \"$heading\": no \"$text\" in the output"
	done
}

follow README.md '## A tour of one minute' 'Tag: Databases' 'Backups that restore' \
	'A store from scratch, part 4' '中英文混排的几个习惯' \
	'  write puts bytes into the page cache.' 'POSTS  MONTH' 'Counting without lying' \
	'next      ' 'The N+1 query, with a pencil' \
	'tag      14  databases  Databases' \
	'a better title' '+title: Second thoughts' 'Rolled back post' 'deleted  post' '"revision":"1"'
follow README.md '## Bring your site' '4 created, 0 updated, 0 unchanged' \
	'0 created, 0 updated, 4 unchanged'
follow docs/api.md '## Calling a method' 'payload: "\010\001"' 'why-pages-beat-offsets' 'message lectern.v1.Post'
follow docs/api.md '## Reading' 'What fsync promises' '中英文混排的几个习惯' 'POSTS  MONTH'

# compiles FILE HEADING: the program that stands there.
compiles() {
	blocks c "$1" "$2" >"$work/program.c"
	[ -s "$work/program.c" ] || die "$1: no program under \"$2\""
	cc -std=c11 -Wall -Wextra -Werror -fsyntax-only -Iinclude "$work/program.c" ||
		die "the program in $1 does not compile"
}
compiles README.md '## From C'
compiles docs/api.md '## Changes'

# shown LANGUAGE HEADING FILE: what stands there is the file, which tests/interop runs.
shown() {
	blocks "$1" README.md "$2" >"$work/shown"
	grep -v '^#' "$3" | diff "$work/shown" - || die "README.md, \"$2\", does not show $3"
}
shown python '## Call it from Python' tests/interop/python/archive.py
shown go '## Call it from Go' tests/interop/go/archive/main.go
shown js '## Call it from Node' tests/interop/node/archive.js
shown '' '## Call it with curl' tests/interop/shell/archive.sh
