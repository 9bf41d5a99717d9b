#!/usr/bin/env bash
# A real archive, the 509 posts of a government agency's blog: imported, listed by filters and found
# by their words, each answer against what jq, grep and awk say about the same texts.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
archive=${LECTERN_18F:-$PWD/../shared/data/18f}
. deploy/steps.sh
command -v jq >/dev/null || {
	echo "skipped: needs jq"
	exit 77
}
[ -d "$archive" ] || {
	echo "skipped: $archive is not there"
	exit 77
}
work=$(mktemp -d)
server=
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
export LECTERN_SERVER=ipc://$work/rpc.sock PATH="$bin:$PATH" LC_ALL=C.UTF-8
unset COLUMNS
failed=0

"$bin/lecternd" --data "$work/data" --listen "$LECTERN_SERVER" >"$work/log" 2>&1 </dev/null &
server=$!
wait_for_ready "$server" "$work/log" >/dev/null || {
	cat "$work/log"
	die "lecternd did not become ready"
}

# same LABEL WANT GOT: two files.
same() {
	diff "$2" "$3" >"$work/diff" && return
	printf '%s: the difference is\n' "$1"
	head -n 20 "$work/diff"
	failed=1
}

# check LABEL COMMAND...: the command succeeds.
check() {
	local label=$1
	shift
	"$@" && return
	printf '%s: %s\n' "$label" "$*"
	failed=1
}

# --- import ---

jq -nRc -f tests/e2e/18f.jq "$archive"/*.md >"$work/posts.jsonl"
count=$(find "$archive" -name '*.md' | wc -l)
[ "$(wc -l <"$work/posts.jsonl")" = "$count" ] || die "not every file became a line"
lectern import jsonl "$work/posts.jsonl" >"$work/import" || die "import: $(tail -n 3 "$work/import")"
[ "$(tail -n 1 "$work/import")" = "$count created, 0 updated, 0 unchanged, 0 refused" ] ||
	die "import: $(tail -n 1 "$work/import")"
lectern import jsonl "$work/posts.jsonl" | grep -qx "0 created, 0 updated, $count unchanged, 0 refused" ||
	die "a second import changes something"
[ "$(lectern post list --total)" = "$count" ] || die "not $count posts: $(lectern post list --total)"

# --- lists ---

# Names as the server compares them; times are UTC, so that they compare as texts.
functions='
	def fold: ascii_downcase;
	def tag($name): any(.tags[]; .name | fold == ($name | fold));
	def by($name): any(.authors[]; .name | fold == ($name | fold));'

# listed FILTER JQ: the filter lists, newest first, what the condition selects.
listed() {
	jq -r "$functions"' .post | select('"$2"') | .slug' "$work/posts.jsonl" | sort >"$work/want"
	lectern post list --all --page-size 37 --filter "$1" -o jsonl >"$work/page"
	jq -r .slug "$work/page" | sort >"$work/got"
	same "$1" "$work/want" "$work/got"
	check "$1: newest first" jq -se 'map(.publishTime) | . == (sort | reverse)' "$work/page" >/dev/null
	[ "$(lectern post list --total --filter "$1")" = "$(wc -l <"$work/want")" ] || {
		echo "$1: another total"
		failed=1
	}
}

listed '' true
listed 'tags:agile' 'tag("agile")'
listed 'tags:"AGILE"' 'tag("agile")'
listed 'tags:"how we work" AND tags:"best practices"' 'tag("how we work") and tag("best practices")'
listed 'tags:"open source" AND NOT tags:agile' 'tag("open source") and (tag("agile") | not)'
listed 'tags:design OR tags:"user research" AND tags:agile' \
	'(tag("design") or tag("user research")) and tag("agile")'
listed '(tags:design AND tags:"user research") OR authors:"ethan heppner"' \
	'(tag("design") and tag("user research")) or by("ethan heppner")'
listed '-tags:"how we work" AND -(tags:design OR tags:agile)' \
	'[tag("how we work"), tag("design"), tag("agile")] | any | not'
listed 'publish_time >= 2016-01-01 AND publish_time < 2017-01-01' '.publishTime[0:4] == "2016"'
listed 'publish_time > "2015-06-30T23:59:59+00:00" AND tags:procurement' \
	'.publishTime >= "2015-07-01T00:00:00Z" and tag("procurement")'
listed 'title = "How*"' '.title | fold | startswith("how")'
listed 'title = "HELLO, WORLD! WE ARE 18F"' '.title == "Hello, world! We are 18F"'
listed 'slug = "2014-0*" AND featured = false' '.slug | startswith("2014-0")'
listed 'language != "en"' false
listed 'language = "EN" AND delete_time:*' false
listed 'tags:"no such tag" OR authors:nobody' false
listed 'state = DRAFT' false

# Each two of the eight most frequent tags.
jq -r '.post.tags[].name' "$work/posts.jsonl" | sort | uniq -c | sort -k1,1nr -k2 | head -n 8 |
	sed 's/^ *[0-9]* //' >"$work/frequent"
while IFS= read -r first; do
	while IFS= read -r second; do
		[[ $first < $second ]] || continue
		want=$(jq "$functions"' .post | select(tag($a) and tag($b))' --arg a "$first" \
			--arg b "$second" "$work/posts.jsonl" | jq -s length)
		got=$(lectern post list --tag "$first" --tag "$second" --total)
		[ "$got" = "$want" ] || {
			echo "$first and $second: $got posts, not $want"
			failed=1
		}
	done <"$work/frequent"
done <"$work/frequent"

# By title, through all pages. Words of these titles are compared by their bytes once in lower case.
jq -r .post.title "$work/posts.jsonl" | grep -P '^[ -~]*$' | tr '[:upper:]' '[:lower:]' |
	LC_ALL=C sort >"$work/want"
lectern post list --all --order-by title -o jsonl | jq -r .title | grep -P '^[ -~]*$' |
	tr '[:upper:]' '[:lower:]' >"$work/got"
same "by title" "$work/want" "$work/got"

# --- dates ---

# dated GRANULARITY LENGTH [FIELDS]: the spans of time and their counts, newest first.
dated() {
	jq -r ".post.publishTime[0:$2]" "$work/posts.jsonl" | sort | uniq -c |
		awk '{ print $2, $1 }' | sort -r | grep "^${3:-}" >"$work/want"
	lectern call ArchiveService/ListArchiveDates \
		"{\"granularity\": \"DATE_GRANULARITY_$1\"${3:+, \"year\": $3}}" |
		jq -r '.dates[] | [.date.year, .date.month, .date.day | select(. != null) | tostring
			| if length < 2 then "0" + . else . end] as $date
			| "\($date | join("-")) \(.postCount)"' >"$work/got"
	same "dates by $1" "$work/want" "$work/got"
}
dated YEAR 4
dated MONTH 7
dated MONTH 7 2016
dated DAY 10 2015

# --- what search sees ---

# Each line of a post's title, excerpt and text: its slug, then its words, folded as far as these
# texts need it and with a blank around each.
lectern post list --all --view html -o jsonl >"$work/html.jsonl"
jq -r '[.slug, .title], [.slug, .excerpt // ""], [.slug, .html // ""] | "\(.[0])\t\(.[1] | @json)"' \
	"$work/html.jsonl" |
	sed -E -e 's/\\[nt]/ /g' -e 's/\\(["\\])/\1/g' -e 's/<!--[^>]*-->//g' \
		-e 's/<\/?(p|h[1-6]|li|ul|ol|pre|blockquote|br|hr|td|th|tr|table|thead|tbody|div)( [^>]*)?\/?>/\n/g' \
		-e 's/<[a-zA-Z\/][^>]*>//g' \
		-e 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' |
	awk -F '\t' 'NF == 2 { slug = $1; $0 = $2 } { print slug "\t" $0 }' |
	sed -E -e "s/['’‘ʼ]//g" -e 's/[^[:alnum:]\t]+/ /g' |
	awk -F '\t' 'NF == 1 { next } { print $1 "\t " tolower($2) " " }' >"$work/words.raw"
