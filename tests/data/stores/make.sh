#!/usr/bin/env bash
# How format-N.mdb.gz and format-N.jsonl.gz of this directory were made: a store as a released
# version leaves it behind, and what that version showed of it.
#
# They stay as they are. Only a new format needs a run, with the programs that write it:
#
#   tests/data/stores/make.sh BIN_DIR IO_SHIM FORMAT
#
# BIN_DIR has lecternd and lectern of that version, IO_SHIM is the library that the target io_shim
# builds. Needs jq and mdb_copy (Debian: lmdb-utils). Format 1 was made by commit d7c15f3, format 2
# by 293bfbe, format 3 by 0c7c60e, all optimised and without sanitizers.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "${1:?usage: make.sh BIN_DIR IO_SHIM FORMAT}" && pwd)
shim=$(realpath "${2:?usage: make.sh BIN_DIR IO_SHIM FORMAT}")
format=${3:?usage: make.sh BIN_DIR IO_SHIM FORMAT}
cd "$here/../../.."
. deploy/steps.sh
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
export LECTERN_SERVER=ipc://$work/rpc.sock PATH="$bin:$PATH" LC_ALL=C.UTF-8

# Seconds from today to some day of 2096. Answers are kept for a day; those of the last run are to
# be kept for as long as the file is of use.
far=$((70 * 365 * 86400))

start() {
	LECTERN_CLOCK_OFFSET_S=$1 LD_PRELOAD=$shim lecternd --data "$work/data" \
		--listen "$LECTERN_SERVER" >"$work/log" 2>&1 &
	server=$!
	wait_for_ready "$server" "$work/log" >/dev/null || die "$(cat "$work/log")"
}

stop() {
	kill "$server"
	wait "$server"
	server=
}

# Some 60 KB of different words.
long_body() {
	awk 'BEGIN {
		split("store page index log commit tree leaf branch reader writer snapshot revision slug " \
			"term tag post archive token query filter order bound queue batch disk sync", words, " ")
		n = 1
		for (i = 0; i < 10200; i++) {
			n = (n * 16807) % 2147483647
			if (i % 600 == 0)
				printf "\n\n## Chapter %d\n\n", i / 600 + 1
			printf "%s%s", words[n % 27 + 1], n % 11 == 0 ? ".\n" : " "
		}
	}'
}

# Every kind of content, and every way to change it.
fill() {
	lectern import jsonl deploy/sample/*.jsonl >/dev/null
	lectern category create Deep --parent indexes --description "Four levels down" >/dev/null
	lectern category create Deeper --parent deep --attribute colour=blue >/dev/null
	lectern category create Moved --parent deeper >/dev/null
	lectern category update moved --parent networking >/dev/null
	lectern category rename Deeper "Deepest of all" >/dev/null
	lectern category rename APIs "Interfaces" >/dev/null
	lectern tag create Kopfgeburt --description "ÄÖÜ and ß" --attribute a=1 --attribute b=2 >/dev/null
	lectern tag rename "API Design" "Design of APIs" >/dev/null
	lectern tag rename C "The C language" >/dev/null
	lectern tag rename "The C language" "C11" >/dev/null
	lectern tag create 深度学习 >/dev/null
	lectern tag create Fleeting >/dev/null
	lectern author rename "Mara Lindqvist" "Mara Lindqvist-Åkesson" >/dev/null
	lectern author create Nobody --url https://example.com/nobody \
		--avatar-url https://example.com/nobody.png >/dev/null

	lectern post create --title "深度学习入门" --tag 深度学习 --language zh-Hans --state published \
		--publish-time 2024-02-29T23:59:59Z --body-file - >/dev/null <<<'从**零**开始。'
	lectern post create --title "深度学习入门" --tag 深度学习 --language zh-Hant --state published \
		--publish-time 2024-03-01T00:00:00Z --body-file - >/dev/null <<<'卷積神經網路與注意力。'
	lectern post create --title "Über Größe" --language de --author Nobody --category deep \
		--state published --publish-time 1969-12-31T23:59:59.999999Z --featured \
		--cover-image-url https://example.com/cover.jpg \
		--canonical-url https://example.com/original --attribute source=elsewhere \
		--body-file - >/dev/null <<<'Straßen und Häuser.'
	long_body | lectern post create --title "A long one" --tag C11 --state published \
		--publish-time 2023-05-05T05:05:05Z --language en --body-file - >/dev/null
	lectern post create --title "Empty" >/dev/null
	lectern post create --title "A draft" --tag Fleeting --category moved --body-file - \
		>/dev/null <<<'Not *yet*.'
	lectern post create --title "Far away" --tag C11 --state scheduled \
		--publish-time 9000-01-01T00:00:00Z --expire-time 9001-01-01T00:00:00Z >/dev/null
	lectern post create --title "Over" --tag C11 --state published \
		--publish-time 2020-01-01T00:00:00Z --expire-time 2021-01-01T00:00:00Z >/dev/null
	lectern post create --title "Ends late" --state published \
		--publish-time 2022-01-01T00:00:00Z --expire-time 9999-12-31T23:59:59Z >/dev/null
	for part in 1 2 3; do
		lectern post create --title "Saga, part $part" --series Saga --part "$part" \
			--language is --tag Fleeting --state published \
			--publish-time "2021-0$part-01T12:00:00Z" --body-file - >/dev/null <<<"# Part $part"
	done
	lectern post update saga-part-3 --set series= >/dev/null
	lectern post update "saga-part-2" --slug "saga-the-second" --title "Saga, the second" >/dev/null
	lectern post update "saga-the-second" --slug "saga-2" >/dev/null
	lectern post update headings-are-an-outline --slug outlines --set 'tags=["writing","C11"]' >/dev/null
	lectern post create --title "To the trash" --tag Fleeting --state published >/dev/null
	lectern post delete to-the-trash >/dev/null
	lectern post create --title "Gone for good" --tag Fleeting --state published >/dev/null
	lectern post delete gone-for-good >/dev/null
	lectern post purge gone-for-good >/dev/null
	lectern post create --title "Back again" --state published \
		--publish-time 2019-09-09T09:09:09Z >/dev/null
	lectern post delete back-again >/dev/null
	lectern post undelete back-again >/dev/null
	lectern post unpublish back-again >/dev/null
	lectern post publish back-again >/dev/null
	lectern call TagService/DeleteTag '{"slug": "fleeting", "force": true}' >/dev/null
}

# Written at once before the end, so that the search index has not merged it; the last of them with
# the request id for which the migration's test asks again.
write_last() {
	local number
	for ((number = 1; number <= 30; number++)); do
		printf '{"method": "PostService/CreatePost", "request": {"post": {"title": "Late %d",
			"state": "POST_STATE_PUBLISHED", "publishTime": "2018-01-%02dT00:00:00Z",
			"body": "Late words of number %d: zebra%d quagga.", "tags": [{"name": "Late"}]},
			"createMissingTerms": true}}' "$number" "$number" "$number" "$number" | tr -d '\n\t'
		printf '\n'
	done | lectern batch --in-flight 1 >/dev/null
	lectern post update late-7 --set 'tags=["late","C11"]' >/dev/null
	lectern post delete late-8 >/dev/null
	lectern call PostService/CreatePost - <"$here/kept-request.json" >/dev/null
}

start 0
fill
sleep 3 # long enough for the search index to be merged
stop
start "$far"
write_last
stop
mkdir "$work/compact"
mdb_copy -c "$work/data" "$work/compact"
gzip -9n <"$work/compact/data.mdb" >"$here/format-$format.mdb.gz"

# The expected content is that of the file itself, seen by the same version.
rm -r "$work/data"
mkdir "$work/data"
cp "$work/compact/data.mdb" "$work/data/"
start 0
bash "$here/dump.sh" | gzip -9n >"$here/format-$format.jsonl.gz"
lectern check >&2
stop
ls -l "$here/format-$format".*
