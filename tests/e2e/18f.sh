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
jq -r '.post.tags[].name' "$work/posts.jsonl" | sort | uniq -c | sort -k1,1nr -k2 |
	sed -n '1,8s/^ *[0-9]* //p' >"$work/frequent"
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

# plain JSONL: each line of each post's title, excerpt and text as its id, a tab and its words,
# folded as far as these texts need it and with a blank around each.
plain() {
	jq -r '.id as $id | .title, .excerpt // "", .html // "" | "\($id)\t\(@json)"' "$1" |
		sed -E -e 's/\\[nrt]/ /g' -e 's/\\(["\\])/\1/g' -e 's/<!--[^>]*-->//g' \
			-e 's/<\/?(p|h[1-6]|li|ul|ol|pre|blockquote|br|hr|td|th|tr|table|thead|tbody)( [^>]*)?\/?>/\n/g' \
			-e 's/<[a-zA-Z\/][^>]*>//g' \
			-e "s/&lt;/</g; s/&gt;/>/g; s/&quot;/\"/g; s/&#39;/'/g; s/&amp;/\&/g" \
			-e "s/['’‘ʼ]//g" |
		awk -F '\t' 'NF == 2 { id = $1; $0 = $2 } { print id "\t" $0 }' |
		sed -E -e 's/[^[:alnum:]\t]+/ /g' -e 's/\t */\t /; s/ *$/ /' | tr '[:upper:]' '[:lower:]'
}
lectern post list --all --view html -o jsonl >"$work/html.jsonl"
plain "$work/html.jsonl" >"$work/plain"
jq -r '"\(.id)\t\(.slug)"' "$work/html.jsonl" >"$work/slugs"

# searches: searches for the queries of standard input, TAB-separated behind a name: prints
# {"name", "response"} for each, the first 100 posts.
searches() {
	cat >"$work/queries"
	jq -Rc 'split("\t") | { method: "SearchService/SearchPosts",
		request: { query: .[1], pageSize: 100 } }' "$work/queries" >"$work/batch"
	lectern batch "$work/batch" >"$work/answers" || {
		grep -m 3 '"error"' "$work/answers"
		die "searches fail"
	}
	cut -f 1 "$work/queries" | jq -R . | paste -d '\t' - "$work/answers" |
		jq -Rc 'split("\t") | { name: .[0] | fromjson, response: (.[1:] | join("\t") | fromjson.response) }'
}

# --- known items ---

# For each post the four words of its title that the fewest posts contain.
awk -F '\t' '
	{
		count = split($2, words, " ")
		for (i = 1; i <= count; i++)
			if (!(($1, words[i]) in seen)) {
				seen[$1, words[i]] = 1
				posts[words[i]]++
			}
		if (!($1 in title)) {
			title[$1] = $2
			order[++titles] = $1
		}
	}
	END {
		for (t = 1; t <= titles; t++) {
			id = order[t]
			count = split(title[id], words, " ")
			split("", taken)
			query = ""
			for (picked = 0; picked < 4; picked++) {
				best = ""
				for (i = 1; i <= count; i++)
					if (!(words[i] in taken) && (best == "" || posts[words[i]] < posts[best]))
						best = words[i]
				if (best == "")
					break
				taken[best] = 1
				query = query " " best
			}
			print id "\t" substr(query, 2)
		}
	}' "$work/plain" >"$work/known"
[ "$(wc -l <"$work/known")" = "$count" ] || die "no query for each post"
searches <"$work/known" |
	jq -r '.name as $id | ([.response.hits[:3][].post.id] | index($id) != null) as $found
		| "\($found)\t\($id)\t\([.response.hits[:3][].post.title] | join(" | "))"' >"$work/ranks"
found=$(grep -c '^true' "$work/ranks")
say "known items: $found of $count among the first three"
while IFS=$'\t' read -r found_it id titles; do
	[ "$found_it" = true ] ||
		say "  not found: $(awk -F '\t' -v id="$id" '$1 == id { print $2 }' "$work/known") -> $titles"
done <"$work/ranks"
[ "$found" -eq "$count" ] || {
	echo "known items: not all of them"
	failed=1
}

# --- exact words ---

# ids_with TEXT: the posts with a line that has the text.
ids_with() {
	awk -F '\t' -v text="$1" 'index($2, text) { print $1 }' "$work/plain" | sort -un
}

# found_by QUERY: the ids of all posts that a search finds.
found_by() {
	lectern search --all --page-size 100 -o jsonl -- "$1" | jq -r .post.id | sort -n
}

# exact QUERY TEXT: the query finds the posts that have the text.
exact() {
	ids_with "$2" >"$work/want"
	found_by "$1" >"$work/got"
	same "$1" "$work/want" "$work/got"
}

# Fifty times three words of a text, spread over all of them. None stands in a hundred posts.
grep -oE ' [a-z]{3,} [a-z]{2,} [a-z]{4,} ' "$work/plain" |
	awk 'NR % 397 == 1 && wanted++ < 50' >"$work/phrases"
[ "$(wc -l <"$work/phrases")" = 50 ] || die "too few phrases"
sed -E 's/^ (.*) $/\1\t"\1"/' "$work/phrases" | searches |
	jq -r '.name as $phrase | .response.hits[]? | "\($phrase)\t\(.post.id)"' | sort >"$work/got"
while IFS= read -r phrase; do
	ids_with "$phrase" | sed "s/^/${phrase:1:-1}\t/"
done <"$work/phrases" | sort >"$work/want"
same phrases "$work/want" "$work/got"
exact '"Agile"' ' agile '
exact '"no such phrase here"' ' no such phrase here '

# Words that begin so, and words that must not occur.
for prefix in accessib federali procure hackath; do
	exact "$prefix*" " $prefix"
done
for pair in agile:waterfall government:technology design:research "open source":github; do
	ids_with " ${pair%%:*} " >"$work/has"
	ids_with " ${pair##*:} " >"$work/has.not"
	comm -23 <(sort "$work/has") <(sort "$work/has.not") | sort -n >"$work/want"
	found_by "\"${pair%%:*}\" -\"${pair##*:}\"" >"$work/got"
	same "${pair%%:*} without ${pair##*:}" "$work/want" "$work/got"
done

# --- facets ---

# All posts that have a word, counted here by what they carry.
lectern search --facet tag --facet author --facet month --facet-size 100 -o json -- '"accessibility"' \
	>"$work/faceted.json" 2>>"$work/log"
found_by '"accessibility"' >"$work/ids"
jq -c --slurpfile ids "$work/ids" 'select(.id as $id | any($ids[]; tostring == $id))' \
	"$work/html.jsonl" >"$work/having"
# facet KIND VALUE JQ: of the answer and of the posts.
facet() {
	jq -r ".facets[] | select(.kind == \"FACET_KIND_$1\") | .values[] | $2 + \" \(.postCount)\"" \
		"$work/faceted.json" | sort >"$work/got"
	jq -r "$3" "$work/having" | sort | uniq -c | sed -E 's/^ *([0-9]+) (.*)$/\2 \1/' | sort >"$work/want"
	same "facet $1" "$work/want" "$work/got"
}
facet TAG .term.name '.tags[].name'
facet AUTHOR .term.name '.authors[].name'
facet MONTH '"\(.date.year)-\(.date.month)"' '.publishTime[0:7] | sub("-0"; "-")'
check "the most frequent first" jq -e '.facets[0].values | map(.postCount | tonumber) | . == (sort | reverse)' \
	"$work/faceted.json" >/dev/null

# --- suggestions ---

# suggested PREFIX: the tags in which a word begins so, each with its count.
suggested() {
	jq -r '.tags[]?.name' "$work/html.jsonl" | sort | uniq -c | sed -E 's/^ *([0-9]+) (.*)$/\2 \1/' |
		grep -iE "(^|[^[:alnum:]])$1" | sort >"$work/want"
	lectern suggest "$1" --kind tag --limit 100 -o jsonl | jq -r '"\(.text.text) \(.postCount)"' |
		sort >"$work/got"
	same "suggestions for $1" "$work/want" "$work/got"
}
suggested a
suggested op
suggested Sou
suggested design
# titles_suggested PREFIX: the posts in whose title a word begins so.
titles_suggested() {
	jq -r .title "$work/html.jsonl" | sed "s/[’']//g" | grep -iE "(^|[^[:alnum:]])$1" | sort >"$work/want"
	lectern suggest "$1" --kind post --limit 100 -o jsonl | jq -r .text.text | sed "s/[’']//g" |
		sort >"$work/got"
	same "titles for $1" "$work/want" "$work/got"
}
titles_suggested hackath
titles_suggested access

# --- posts of our own ---

lectern post create --title 'A coffeehouse in town' --state published --slug coffeehouse >/dev/null \
	--body-file - <<<'The coffeehouse serves coffee. A coffeehouse is a house, and coffeehouses are many.'
lectern post create --title 'How coffee grows' --state published --slug coffee >/dev/null \
	--body-file - <<<'Coffee grows on shrubs in the tropics.'
lectern post create --title 'Coffeehouse rules' --state published --slug rules >/dev/null \
	--body-file - <<<'Coffeehouse, coffeehouse, coffeehouse.'
lectern search coffee --all -o jsonl | jq -r .post.slug >"$work/got"
[ "$(head -n 1 "$work/got")" = coffee ] || {
	echo "coffee: the first is $(head -n 1 "$work/got")"
	failed=1
}
if grep -qx rules "$work/got"; then
	echo "coffee finds a post that has only coffeehouse"
	failed=1
fi

# Chinese is found by any two characters that stand side by side.
chinese=('分布式数据库的设计与实现' '中文搜索不需要词典' '内容服务：标签、分类与作者' '我们在杭州写了一个小小的博客')
for i in "${!chinese[@]}"; do
	lectern post create --title "第${i}篇" --state published --slug "zh-$i" --body-file - >/dev/null \
		<<<"这里是${chinese[$i]}。第二行没有别的。"
done
for i in "${!chinese[@]}"; do
	text=${chinese[$i]}
	for ((at = 0; at + 2 <= ${#text}; at++)); do
		pair=${text:at:2}
		[[ $pair =~ [：、] ]] || printf '%s\t%s\n' "zh-$i" "$pair"
	done
done >"$work/pairs"
searches <"$work/pairs" | jq -r 'select(.name as $slug | any(.response.hits[]?; .post.slug == $slug) | not) | .name' \
	>"$work/lost"
[ ! -s "$work/lost" ] || {
	echo "Chinese: $(wc -l <"$work/lost") of $(wc -l <"$work/pairs") pairs do not find their post"
	failed=1
}
# A pair of characters that no post has side by side.
[ -z "$(found_by 数作)" ] || {
	echo "Chinese: characters that are not neighbours are found"
	failed=1
}

lectern check -o json | jq -e '(.problemCount // "0") == "0"' >/dev/null || die "the checker finds problems"
[ "$failed" = 0 ] || die "some answers are wrong"
say "18f: $count posts, all answers right"
