#!/usr/bin/env bash
# An export of WordPress, the one that themes are tested with, is imported; what comes out is compared
# with what Python's XML parser finds in the file. Then it goes out as an export of WordPress and
# into another server, which has the same then.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
export=${LECTERN_DATA:-$PWD/../shared/data}/wordpress/themeunittestdata.wordpress.xml
. deploy/steps.sh
for tool in jq python3; do
	command -v "$tool" >/dev/null || {
		echo "skipped: needs $tool"
		exit 77
	}
done
[ -f "$export" ] || {
	echo "skipped: $export is not there"
	exit 77
}
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH" LC_ALL=C.UTF-8
unset COLUMNS

check_and_stop() {
	lectern check -o json | jq -e '(.problemCount // "0") == "0"' >/dev/null ||
		die "the checker finds problems"
	stop
}

# --- what Python finds ---

python3 - "$export" "$work" <<'PYTHON'
import html, re, sys, unicodedata, urllib.parse
import xml.etree.ElementTree as tree

root = tree.parse(sys.argv[1]).getroot()
channel = root.find("channel")

def local(element):
    return element.tag.rsplit("}", 1)[-1]

def wordpress(element):
    return "wordpress.org/export/" in element.tag and "/excerpt/" not in element.tag

def value(element, name):
    for child in element:
        if wordpress(child) and local(child) == name:
            return (child.text or "").strip()
    return ""

def plain(text):
    text = re.sub(r"<[a-zA-Z/!][^>]*>", "", text or "")
    return " ".join(html.unescape(text).split())

def fold(name):
    return unicodedata.normalize("NFKC", name).casefold()

categories, tags, authors, posts = {}, {}, {}, []
def category(slug, name, parent=""):
    known = categories.setdefault(urllib.parse.unquote(slug), [plain(name), ""])
    known[1] = known[1] or urllib.parse.unquote(parent)

for element in channel:
    if wordpress(element) and local(element) == "category":
        category(value(element, "category_nicename"), value(element, "cat_name"),
                 value(element, "category_parent"))
    elif wordpress(element) and local(element) == "tag":
        name = plain(value(element, "tag_name"))
        tags.setdefault(fold(name), name)
    elif wordpress(element) and local(element) == "author":
        authors[value(element, "author_login")] = plain(value(element, "author_display_name"))
for item in channel.findall("item"):
    if value(item, "post_type") != "post" or value(item, "post_password"):
        continue
    if value(item, "status") in ("trash", "inherit", "auto-draft"):
        continue
    creator = next((child.text or "" for child in item if local(child) == "creator"), "")
    creator = re.sub(r"[^\w.@-]+", "", creator)
    authors.setdefault(creator, creator)
    terms = {"category": {}, "post_tag": {}}
    for element in item.findall("category"):
        domain, name = element.get("domain"), plain(element.text)
        if domain not in terms:
            continue
        if domain == "category":
            category(element.get("nicename"), element.text)
            slug = urllib.parse.unquote(element.get("nicename"))
            terms[domain][slug] = categories[slug][0]  # two may have one name
        else:
            terms[domain][fold(name)] = tags.setdefault(fold(name), name)
    slug = urllib.parse.unquote(value(item, "post_name"))
    title = plain(item.findtext("title"))
    time = value(item, "post_date_gmt").replace(" ", "T") + "Z"
    state = {"publish": "PUBLISHED", "future": "SCHEDULED"}.get(value(item, "status"), "DRAFT")
    sticky = str(value(item, "is_sticky") == "1").lower()
    posts.append("\t".join([slug or title.lower(), title, state, time, sticky, authors[creator],
                            "|".join(sorted(terms["category"].values())),
                            "|".join(sorted(terms["post_tag"].values()))]))

def write(name, lines):
    with open(sys.argv[2] + "/" + name, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in sorted(lines))

write("posts", posts)
write("categories", ["%s\t%s\t%s" % (slug, name, parent) for slug, (name, parent) in categories.items()])
write("tags", tags.values())
write("authors", ["%s\t%s" % entry for entry in authors.items()])
PYTHON

# --- what the server has ---

# show FILE: the lines of an export in jsonl, as Python's are.
show() {
	local sort_names='map(.name) | sort | join("|")'
	# A post without a title got one: so does the line of Python.
	jq -r '.post | select(. != null) | [.slug, .title, (.state | sub("POST_STATE_"; "")),
		.publishTime // "", .featured // false, (.authors // [] | map(.name) | join("|")),
		(.categories // [] | '"$sort_names"'), (.tags // [] | '"$sort_names"')] | map(tostring) |
		join("\t")' "$1" | sort >"$work/posts.got"
	jq -r '.category | select(. != null) | "\(.slug)\t\(.name)\t\(.parent.slug // "")"' "$1" |
		sort >"$work/categories.got"
	jq -r '.tag | select(. != null) | .name' "$1" | sort >"$work/tags.got"
	jq -r '.author | select(. != null) | "\(.slug)\t\(.name)"' "$1" | sort >"$work/authors.got"
}

posts=$(wc -l <"$work/posts")
terms=$(cat "$work/categories" "$work/tags" "$work/authors" | wc -l)
start first
lectern import wordpress "$export" --report "$work/report" >"$work/import"
[ "$(tail -n 1 "$work/import")" = "$posts created, 0 updated, 0 unchanged, 0 refused" ] ||
	die "import: $(cat "$work/import")"
grep -qx "terms: $terms created, 0 updated, 0 unchanged, 0 refused" "$work/import" ||
	die "not $terms terms: $(cat "$work/import")"
items=$(grep -c '<item>' "$export")
skipped=$(jq -r 'select(.result == "skipped") | .reason' "$work/report" | wc -l)
[ "$((posts + skipped))" -eq "$items" ] || die "$posts posts and $skipped others are not $items"

revision=$(lectern info -o json | jq -r .revision)
ends_with "0 created, 0 updated, $posts unchanged, 0 refused" lectern import auto "$export"
ends_with "0 created, 0 updated, $posts unchanged, 0 refused" lectern import wordpress - <"$export"
[ "$(lectern info -o json | jq -r .revision)" = "$revision" ] ||
	die "imports that change nothing have moved the revision"

lectern export jsonl "$work/first.jsonl" 2>/dev/null
show "$work/first.jsonl"
sort "$work/posts" | awk -F '\t' -v OFS='\t' '$2 == "" { $2 = "?" } { print }' >"$work/posts.want"
# Made titles are of no interest here.
titleless=$(awk -F '\t' '$2 == "" { print $1 }' "$work/posts")
awk -F '\t' -v OFS='\t' -v slugs="$titleless" 'index("\n" slugs "\n", "\n" $1 "\n") { $2 = "?" } { print }' \
	"$work/posts.got" >"$work/posts.shown"
same posts <(sort "$work/posts.want") <(sort "$work/posts.shown")
for kind in categories tags authors; do
	same "$kind" <(sort "$work/$kind") "$work/$kind.got"
done

# --- out and in again ---

lectern export wordpress "$work/out.xml" 2>/dev/null
python3 -c 'import sys, xml.etree.ElementTree as tree; tree.parse(sys.argv[1])' "$work/out.xml" ||
	die "the export is not XML"
check_and_stop
start second
ends_with "$posts created, 0 updated, 0 unchanged, 0 refused" lectern import wordpress "$work/out.xml"
lectern export jsonl "$work/second.jsonl" 2>/dev/null
# create_time of a scheduled post, which has no place in the form, is when it was imported.
content() {
	jq -cS 'del(.revision) | if .post then .post |= del(.revision, .createTime, .updateTime) else
		map_values(del(.createTime, .updateTime)) end | select(. != {})' "$1" | sort
}
same "servers" <(content "$work/first.jsonl") <(content "$work/second.jsonl")
check_and_stop
say "wordpress: $posts posts, $terms terms, all of them there and back"
