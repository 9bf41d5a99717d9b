#!/usr/bin/env bash
# Archive pages of a blog go in as text and come out as the same pages: the seed content that lies
# beside the project where it is developed, and the sample content of the project itself.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
command -v jq >/dev/null || {
	echo "skipped: needs jq"
	exit 77
}
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH"

# titles FILE...: of the posts of archive pages, in the page's order.
titles() {
	sed -n 's/^ *• *//p' "$@" | sed 's/ *$//'
}

# texts FILE...: the paragraphs and headings of each post, one a line, behind its title.
texts() {
	awk 1 "$@" | sed -e '/^[^ ]/d' -e 's/^ *• */= /' -e 's/^ *//; s/ *$//' -e '/^$/d'
}

# texts_of_page: the same from the JSON of pages in the HTML view.
texts_of_page() {
	jq -r '.posts[] | "= \(.title)", (.html | gsub("<[^>]*>"; ""))' |
		sed -e 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' -e '/^$/d'
}

# page_is FILE COMMAND...: an archive page has the posts of a file, whole and in its order.
page_is() {
	local file=$1
	shift
	titles "$file" >"$work/titles"
	"$@" -o json | jq -r '.posts[].title' >"$work/titles.got"
	same "titles of $*" "$work/titles" "$work/titles.got"
	texts "$file" >"$work/texts"
	"$@" -o json --view html | texts_of_page >"$work/texts.got"
	same "texts of $*" "$work/texts" "$work/texts.got"
	# The page for people has every line as well, whatever its width.
	tr -d ' \n' <"$work/titles" >"$work/squeezed"
	"$@" --view basic | tr -d ' \n' >"$work/squeezed.got"
	while IFS= read -r title; do
		grep -qF "$(tr -d ' ' <<<"$title")" "$work/squeezed.got" ||
			die "\"$title\" is not on the page of $*"
	done <"$work/titles"
}

test_sample() {
	start sample tcp://127.0.0.1:0
	lectern import jsonl deploy/sample/01-terms.jsonl >"$work/terms"
	grep -qx "terms: 30 created, 0 updated, 0 unchanged, 0 refused" "$work/terms" ||
		die "the terms are not made: $(cat "$work/terms")"
	ends_with "35 created, 0 updated, 0 unchanged, 0 refused" lectern import jsonl \
		deploy/sample/0[2-9]*.jsonl
	ends_with "0 created, 0 updated, 35 unchanged, 0 refused" lectern import jsonl \
		deploy/sample/*.jsonl
	lectern post list --all -o jsonl >"$work/posts.jsonl"
	jq -e '.slug and .title and .etag' "$work/posts.jsonl" >/dev/null || die "jsonl is not JSON"
	local total
	total=$(lectern post list --page-size 1 -o json | jq -r '.totalSize')
	[ "$total" -eq "$(wc -l <"$work/posts.jsonl")" ] ||
		die "the list has $(wc -l <"$work/posts.jsonl") posts, its totalSize is $total"
	jq -r '.publishTime' "$work/posts.jsonl" | sort -r |
		diff - <(jq -r '.publishTime' "$work/posts.jsonl") || die "the list is not newest first"
	lectern check -o json | jq -e '(.problemCount // "0") == "0"' >/dev/null ||
		die "the checker finds problems"
	stop
	start archive
	titles deploy/sample/archive.txt >"$work/titles"
	ends_with "$(wc -l <"$work/titles") created, 0 updated, 0 unchanged, 0 refused" \
		lectern import archive-text deploy/sample/archive.txt
	local head kind name
	head=$(head -n 1 deploy/sample/archive.txt)
	kind=$(tr '[:upper:]' '[:lower:]' <<<"${head%%:*}")
	name=${head#*: }
	page_is deploy/sample/archive.txt lectern archive "$kind" "$name" --page-size 100
	stop
	say "sample: ok"
}

test_seeds() {
	local tag category_1 category_2 file
	tag=$(grep -lx 'Tag: Deep Learning' "$seeds"/*)
	category_1=$(grep -lx 'Category: AI & Machine Learning' "$seeds"/* | sed -n 1p)
	category_2=$(grep -lx 'Category: AI & Machine Learning' "$seeds"/* | sed -n 2p)
	start seeds
	ends_with "49 created, 0 updated, 0 unchanged, 0 refused" lectern import archive-text \
		"$seeds"/*.txt
	page_is "$tag" lectern archive tag deep-learning
	page_is "$tag" lectern archive tag "Deep Learning"
	page_is "$(grep -lx 'Tag: Python' "$seeds"/*)" lectern archive tag python
	page_is "$(grep -lx 'Tag: Remote Work' "$seeds"/*)" lectern archive tag remote-work

	# Two pages of ten and nine, in the order of the files.
	local category=(lectern archive category "AI & Machine Learning")
	awk 1 "$category_1" "$category_2" >"$work/category.txt"
	"${category[@]}" -o json >"$work/page1.json"
	"${category[@]}" -o json --page 2 >"$work/page2.json"
	[ "$(jq -r '.totalSize' "$work/page1.json")" = 19 ] || die "the category has not 19 posts"
	[ "$(jq '.posts | length' "$work/page1.json")" = 10 ] || die "page 1 has not 10 posts"
	[ "$(jq '.posts | length' "$work/page2.json")" = 9 ] || die "page 2 has not 9 posts"
	jq -e '.nextPageToken // "" | . == ""' "$work/page2.json" >/dev/null ||
		die "page 2 is not the last"
	jq -r '.posts[].title' "$work/page1.json" "$work/page2.json" >"$work/titles.got"
	titles "$work/category.txt" >"$work/titles"
	same "the order of the category" "$work/titles" "$work/titles.got"
	page_is "$work/category.txt" "${category[@]}" --page-size 100
	"${category[@]}" --page-token "$(jq -r .nextPageToken "$work/page1.json")" -o json |
		jq -S . | diff - <(jq -S . "$work/page2.json") || die "the token gives another page 2"
	"${category[@]}" --all -o jsonl >"$work/all.jsonl"
	[ "$(jq -r '.title' "$work/all.jsonl" | wc -l)" -ge 19 ] || die "jsonl has not 19 lines"

	# Again, together and one by one: nothing changes.
	local revision
	revision=$(lectern info -o json | jq -r .revision)
	ends_with "0 created, 0 updated, 49 unchanged, 0 refused" lectern import archive-text \
		"$seeds"/*.txt
	for file in "$seeds"/*.txt; do
		ends_with "0 created, 0 updated, $(titles "$file" | wc -l) unchanged, 0 refused" \
			lectern import archive-text "$file"
	done
	[ "$(lectern info -o json | jq -r .revision)" = "$revision" ] ||
		die "imports that change nothing have moved the revision"
	lectern check -o json | jq -e '(.problemCount // "0") == "0"' >/dev/null ||
		die "the checker finds problems"
	stop
	say "seeds: ok"
}

seeds=${LECTERN_DATA:-$PWD/../shared/data}/seeds
test_sample
if [ -d "$seeds" ]; then
	test_seeds
else
	echo "skipped the second half: $seeds is not there"
	exit 77
fi
