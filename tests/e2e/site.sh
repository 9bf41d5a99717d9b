#!/usr/bin/env bash
# Feeds and sitemaps of a real server, read by somebody else's XML parser and checked against the
# RFC; what is in them is what the archives have.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
for command in curl jq python3; do
	command -v "$command" >/dev/null || {
		echo "skipped: needs $command"
		exit 77
	}
done
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH" PYTHONDONTWRITEBYTECODE=1

# get NAME PATH [OPTION...]: into $work/NAME; the head into $work/head.
get() {
	local name=$1 path=$2
	shift 2
	curl -sS --max-time 60 -D "$work/head" -o "$work/$name" "$@" "$http$path" ||
		die "$path: curl ended with $?"
}

# status WANT: of the last one.
status() {
	head -n 1 "$work/head" | grep -q " $1 " || {
		cat "$work/head"
		die "not $1"
	}
}

# check KIND NAME: says what is wrong; the lines it prints are in $work/got.
check() {
	python3 tests/e2e/site_check.py "$1" "$work/$2" >"$work/got" || die "$2 is no valid $1"
}

# feed PATH COMMAND...: a feed and the titles of what the tool prints for it.
feed() {
	local path=$1
	shift
	get feed.xml "$path"
	status 200
	grep -qi '^content-type: application/atom+xml; charset=utf-8' "$work/head" || die "$path: its type"
	check atom feed.xml
	"$@" -o json | jq -r '.posts[].title' >"$work/want"
	same "titles of $path" "$work/want" "$work/got"
}

start site "ipc://$work/site.sock" --http 127.0.0.1:0 --site-url https://example.org/blog \
	--site-title "Sample & Sons" --site-post-path '/{year}/{slug}'
http=$(http_of site)
lectern import auto deploy/sample/*.jsonl >/dev/null 2>&1

feed /feeds/all.atom lectern post list --page-size 20
feed /feeds/tag/databases.atom lectern archive tag databases --page-size 20
feed '/feeds/category/engineering.atom?page_size=3&content=excerpt' \
	lectern archive category engineering --page-size 3
author=$(lectern -o json author list | jq -r '.authors[0].slug')
feed "/feeds/author/$author.atom" lectern archive author "$author" --page-size 20

# A reader that follows the links has every post once.
total=$(lectern -o json post list --page-size 1 | jq -r .totalSize)
next='/feeds/all.atom?page_size=7'
: >"$work/all"
while [ -n "$next" ]; do
	get page.xml "$next"
	check atom page.xml
	cat "$work/got" >>"$work/all"
	next=$(sed -n 's/.*rel="next".*href="https:\/\/example.org\/blog\([^"]*\)".*/\1/p' "$work/page.xml" |
		sed 's/&amp;/\&/g')
done
lectern -o jsonl post list --all | jq -r .title >"$work/want"
same "all pages" "$work/want" "$work/all"
[ "$(wc -l <"$work/all")" -eq "$total" ] || die "not $total posts"

get sitemap.xml /sitemap.xml
status 200
check sitemap sitemap.xml
grep -c '/blog/[0-9]\{4\}/' "$work/got" >"$work/posts" || true
[ "$(cat "$work/posts")" -eq "$total" ] || die "the sitemap has $(cat "$work/posts") posts of $total"
grep -qx 'https://example.org/blog/tag/databases' "$work/got" || die "no tag in the sitemap"

get feed.xml /feeds/all.atom
etag=$(sed -n 's/^[Ee][Tt]ag: *\(.*\)\r$/\1/p' "$work/head")
[ -n "$etag" ] || die "no ETag"
get again.xml /feeds/all.atom -H "If-None-Match: $etag"
status 304
lectern post update "$(lectern -o json post list --page-size 1 | jq -r '.posts[0].slug')" \
	--set title=Changed >/dev/null
get again.xml /feeds/all.atom -H "If-None-Match: $etag"
status 200

get none.txt /feeds/tag/no-such-tag.atom
status 404
grep -q 'no-such-tag' "$work/none.txt" || die "404 without a reason"
stop

# Tokens.
lectern token create reader --scope read --tokens "$work/tokens" >"$work/token"
start closed "ipc://$work/closed.sock" --http 127.0.0.1:0 --tokens "$work/tokens"
http=$(http_of closed)
get feed.xml /feeds/all.atom
status 401
get feed.xml /feeds/all.atom -H "Authorization: Bearer $(cat "$work/token")"
status 200
check atom feed.xml
stop
start open "ipc://$work/open.sock" --http 127.0.0.1:0 --tokens "$work/tokens" --public-feeds
http=$(http_of open)
get feed.xml /feeds/all.atom
status 200
get sitemap.xml /sitemap.xml
status 200
get posts.json /lectern.v1.PostService/ListPosts -X POST -H 'Content-Type: application/json' -d '{}'
status 401
stop
