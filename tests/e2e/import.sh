#!/usr/bin/env bash
# Imports of whole folders by `lectern import auto`: the summaries are true, a second run changes
# nothing, an export gives the same store again, and an import that was stopped goes on.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
data=${LECTERN_DATA:-$PWD/../shared/data}
. deploy/steps.sh
command -v jq >/dev/null || {
	echo "skipped: needs jq"
	exit 77
}
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH" LC_ALL=C.UTF-8
unset COLUMNS

# import FORMAT PATH...: its last line; what it says of posts that were refused is an error.
import() {
	local status=0
	lectern import "$@" --report "$work/report" >"$work/out" 2>"$work/err" || status=$?
	[ "$status" -eq 0 ] || {
		cat "$work/out" "$work/err" >&2
		jq -c 'select(.result == "refused")' "$work/report" >&2
		die "import $*: status $status"
	}
	tail -n 1 "$work/out"
}

# is LABEL WANT GOT
is() {
	[ "$2" = "$3" ] || die "$1: wanted \"$2\", got \"$3\""
}

# dump FILE: everything that the server has, in an order of its own.
dump() {
	lectern export jsonl "$1.raw" 2>/dev/null
	sort "$1.raw" >"$1"
}

# again FORMAT PATH: the second run finds nothing to do.
again() {
	dump "$work/before"
	local revision last
	revision=$(lectern -o json info | jq -r .revision)
	last=$(import "$@")
	[[ $last =~ ^0\ created,\ 0\ updated,\ [0-9]+\ unchanged,\ 0\ refused$ ]] ||
		die "$1 $2, again: $last"
	is "$1 $2, the revision" "$revision" "$(lectern -o json info | jq -r .revision)"
	dump "$work/after"
	diff "$work/before" "$work/after" >&2 || die "$1 $2: a second run changes something"
}

# timeless: without the times of writing, for which other systems have no place or another one.
timeless() {
	jq -cS 'del(.. | .createTime?, .updateTime?)' "$1" | sort >"$1.timeless"
	mv "$1.timeless" "$1"
}

# round_trip FORMAT NAME: what this server has goes out and into another one, which has the same then.
round_trip() {
	dump "$work/left"
	lectern export "$1" "$work/$2-$1.export" 2>"$work/err" || die "$(cat "$work/err")"
	start "$2-$1-copy"
	import "$1" "$work/$2-$1.export" >/dev/null
	again "$1" "$work/$2-$1.export"
	dump "$work/right"
	stop
	[ "$1" = jsonl ] || {
		timeless "$work/left"
		timeless "$work/right"
	}
	diff "$work/left" "$work/right" >"$work/diff" || {
		head -n 10 "$work/diff" | cut -c 1-2000
		die "$2: export and import in the format $1 do not give the same store"
	}
	export LECTERN_SERVER=ipc://$work/$2.sock
}

# --- everything that a store can hold ---

# A store with posts in every state, histories, former slugs, terms that were renamed and merged.
fill() {
	lectern import auto deploy/sample >/dev/null
	lectern category create "Databases" >/dev/null
	lectern category create "LMDB" --parent databases --set description="One file." >/dev/null
	lectern tag create "Draft ideas" >/dev/null
	printf '# One\n\nFirst body.\n' >"$work/body"
	lectern post create --title "A history" --body-file "$work/body" --tag "Draft ideas" \
		--category lmdb --state published --note "begun" --note-author ann >/dev/null
	lectern post update a-history --set title="A longer history" --note "a better title" >/dev/null
	printf '# Two\n\nSecond body.\n' >"$work/body"
	lectern post update a-history --body-file "$work/body" --note-author bob >/dev/null
	lectern post update a-history --set slug=a-new-address >/dev/null
	lectern post unpublish a-new-address >/dev/null
	lectern post publish a-new-address >/dev/null
	lectern tag rename draft-ideas "Ideas" >/dev/null
	lectern tag create "Thoughts" >/dev/null
	lectern post create --title "Thinking" --body-file "$work/body" --tag Thoughts --tag Ideas >/dev/null
	lectern tag merge thoughts --into ideas >/dev/null
	lectern post create --title "Later" --body-file "$work/body" --state scheduled \
		--publish-time 2199-01-02T03:04:05Z >/dev/null
	lectern post create --title "Gone" --body-file "$work/body" --state published >/dev/null
	lectern post delete gone --note "not any more" >/dev/null
	lectern post create --title "Over" --body-file "$work/body" --state published \
		--publish-time 2001-01-02T03:04:05Z --set expire_time=2002-01-02T03:04:05Z >/dev/null
	lectern post create --title "两个世界" --body-file "$work/body" --create-missing \
		--author "Ünal Ç." --set featured=true --set language=zh \
		--set canonical_url=https://example.org/a --set 'excerpt=a "quoted" \ text' >/dev/null
}

start full
fill
round_trip jsonl full
is "revisions" 7 "$(lectern -o json post get a-new-address | jq -r .post.revision)"
start full-copy-2
import jsonl "$work/full-jsonl.export" >/dev/null
for revision in 1 2 3 4 5 6 7; do
	lectern post revision a-new-address "$revision" -o json | jq -S 'del(.revision.post | .id, .etag, .tags[].id, .categories[].id)' \
		>"$work/right"
	LECTERN_SERVER=ipc://$work/full.sock lectern post revision a-new-address "$revision" -o json |
		jq -S 'del(.revision.post | .id, .etag, .tags[].id, .categories[].id)' >"$work/left"
	diff "$work/left" "$work/right" || die "revision $revision differs behind the round trip"
done
is "a former slug" a-new-address "$(lectern -o json post get a-history | jq -r .post.slug)"
is "a former tag" ideas "$(lectern -o json tag get draft-ideas | jq -r .tag.slug)"
is "check" 0 "$(lectern -o json check | jq -r '.problemCount // 0')"
stop
stop

# --- an import that is stopped goes on ---

start stopped
jq -nc 'range(3000) | {slug: "post-\(.)", title: "Post \(.)", body: "Some words about \(.).\n", state: "POST_STATE_PUBLISHED",
	publishTime: "2020-01-01T00:00:\(. % 60 | if . < 10 then "0\(.)" else "\(.)" end)Z",
	tags: [{name: "Tag \(. % 7)"}]}' >"$work/many.jsonl"
is "dry run" "3000 created, 0 updated, 0 unchanged, 0 refused" "$(import jsonl "$work/many.jsonl" --dry-run)"
is "posts of a dry run" 0 "$(lectern post list --total)"
# More input comes for ever; what has come is written meanwhile.
mkfifo "$work/pipe"
exec 3<>"$work/pipe"
lectern import jsonl - <"$work/pipe" >"$work/begun" 2>"$work/begun.err" &
importer=$!
head -n 200 "$work/many.jsonl" >&3
deadline=$((SECONDS + 60))
while [ "$(lectern post list --total)" -lt 200 ]; do [ "$SECONDS" -lt "$deadline" ] || die "the import stands still"; done
kill -INT "$importer"
status=0
wait "$importer" || status=$?
exec 3>&-
is "a stopped import" 65 "$status"
grep -q 'run it again to go on' "$work/begun.err" || die "$(cat "$work/begun.err")"
is "what it says it wrote" "200 created, 0 updated, 0 unchanged, 0 refused" "$(tail -n 1 "$work/begun")"
is "the rest" "2800 created, 0 updated, 200 unchanged, 0 refused" \
	"$(import jsonl "$work/many.jsonl")"
again jsonl "$work/many.jsonl"
stop

# --- refusals ---

start refused
{
	sed -n 1,3p "$work/many.jsonl"
	echo '{"slug": "bad", "title": ""}'
	echo 'no json'
	sed -n 4,9p "$work/many.jsonl"
} >"$work/mixed.jsonl"
status=0
lectern import auto "$work/mixed.jsonl" --report "$work/report" >"$work/out" 2>&1 || status=$?
is "an import with refusals" 1 "$status"
is "its summary" "9 created, 0 updated, 0 unchanged, 2 refused" "$(tail -n 1 "$work/out")"
is "its report" '4 bad
5 ' "$(jq -r 'select(.result == "refused") | "\(.line) \(.slug)"' "$work/report")"
is "a line for each" 11 "$(wc -l <"$work/report")"
is "in order" "$(seq 11)" "$(jq .line "$work/report")"
stop
start strict
status=0
lectern import auto "$work/mixed.jsonl" --strict >"$work/out" 2>&1 || status=$?
is "a strict import" 1 "$status"
is "posts of a strict import" 3 "$(lectern post list --total)"
stop

# --- whole folders, each in its own format ---

# folder NAME FORMAT PATH: a second run changes nothing; what goes out, as jsonl and in the format it
# came in, comes in again the same.
folder() {
	local status=0
	start "$1"
	lectern import auto "$3" --report "$work/report" >"$work/out" 2>"$work/err" || status=$?
	[ "$status" -le 1 ] || die "import auto $3: $(cat "$work/err")"
	is "$1: what the report has, and the summary" \
		"$(jq -rs '[.[] | select(.kind == "post")] | [("created", "updated", "unchanged", "refused") as $r
			| "\(map(select(.result == $r)) | length) \($r)"] | join(", ")' "$work/report")" \
		"$(tail -n 1 "$work/out")"
	is "$1: check" 0 "$(lectern -o json check | jq -r '.problemCount // 0')"
	dump "$work/before"
	lectern import auto "$3" >"$work/out" 2>&1 || [ $? -eq "$status" ] || die "$(cat "$work/out")"
	grep -qE '^0 created, 0 updated, ' <(tail -n 1 "$work/out") || die "$1, again: $(tail -n 1 "$work/out")"
	dump "$work/after"
	diff "$work/before" "$work/after" >&2 || die "$1: a second run changes something"
	round_trip jsonl "$1"
	case $2 in archive-text | -) ;; *) round_trip "$2" "$1" ;; esac
	stop
}

folder sample-wordpress wordpress tests/data/wordpress
folder sample-ghost-old - tests/data/ghost # Markdown, which goes out as HTML
folder sample-ghost ghost tests/data/ghost/v5.json
folder sample-front-matter front-matter tests/data/front-matter
if [ -d "$data" ]; then
	folder seeds archive-text "$data/seeds"
	folder wordpress wordpress "$data/wordpress"
	folder ghost ghost "$data/ghost"
	folder jekyll front-matter "$data/jekyll"
	folder 18f front-matter "$data/18f"
else
	echo "without real content: $data is not there"
fi
