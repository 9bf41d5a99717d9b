#!/usr/bin/env bash
# Every example of docs/api.md that calls lectern works on the sample content, and prints what the
# document says it prints: in a block of text right behind it or, for one command, in a comment
# "# prints: TEXT" at its end.
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
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
export LECTERN_SERVER=ipc://$work/rpc.sock PATH="$bin:$PATH"
unset COLUMNS
failed=0

"$bin/lecternd" --data "$work/data" --listen "$LECTERN_SERVER" >"$work/log" 2>&1 </dev/null &
server=$!
wait_for_ready "$server" "$work/log" >/dev/null || {
	cat "$work/log"
	die "lecternd did not become ready"
}
lectern import jsonl deploy/sample/*.jsonl >"$work/import" || die "import: $(tail -n 3 "$work/import")"

# Block N of shell to N.sh, the text right behind it to N.text; LINE of each block to N.line.
mkdir "$work/blocks"
awk -v into="$work/blocks" '
	/^```/ && !fenced {
		fenced = 1
		file = ""
		if ($0 == "```sh") {
			file = into "/" ++blocks ".sh"
			print FNR >(into "/" blocks ".line")
			adjacent = 1
		} else if ($0 == "```text" && adjacent) {
			file = into "/" blocks ".text"
			adjacent = 0
		}
		next
	}
	/^```/ { fenced = 0; next }
	fenced && file != "" { print >file }
	!fenced && NF { adjacent = 0 }' docs/api.md

# The examples may write files.
mkdir "$work/here"

# run COMMAND: adds its output to the block's; 1 with a message if it fails or prints another text.
run() {
	local status=0 prints
	(cd "$work/here" && exec bash -euo pipefail -c "$1") >"$work/out" 2>"$work/err" \
		</dev/null || status=$?
	cat "$work/out" >>"$work/block.out"
	if [ "$status" -ne 0 ]; then
		printf 'docs/api.md, line %s: status %s of: %s\n' "$line" "$status" "$1"
		head -n 5 "$work/err"
		return 1
	fi
	[[ $1 == *'# prints: '* ]] || return 0
	prints=${1##*'# prints: '}
	[ "$(cat "$work/out")" = "$prints" ] && return 0
	printf 'docs/api.md, line %s: "%s", not "%s": %s\n' "$line" "$(head -n 5 "$work/out")" \
		"$prints" "$1"
	return 1
}

commands=0
for block in "$work"/blocks/*.sh; do
	line=$(cat "${block%.sh}.line")
	grep -q '^lectern ' "$block" || continue
	: >"$work/block.out"
	command=
	while IFS= read -r text; do
		line=$((line + 1))
		command+=$text
		if [[ $text == *[\\\|] ]]; then
			command+=$'\n'
			continue
		fi
		if [[ $command == lectern\ * ]]; then
			commands=$((commands + 1))
			run "$command" || failed=1
		elif [ -n "$command" ] && [[ $command != \#* ]]; then
			printf 'docs/api.md, line %s: a block of lectern has: %s\n' "$line" "$command"
			failed=1
		fi
		command=
	done <"$block"
	if [ -e "${block%.sh}.text" ] && ! diff "${block%.sh}.text" "$work/block.out"; then
		printf 'docs/api.md, line %s: the block before it prints something else\n' "$line"
		failed=1
	fi
done
[ "$commands" -ge 10 ] || die "docs/api.md has only $commands examples of lectern"
[ "$failed" = 0 ] || die "examples of docs/api.md do not work"
say "$commands examples of docs/api.md work"
