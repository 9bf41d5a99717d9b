#!/usr/bin/env bash
# Sites with front matter go in by the tool: posts, months, terms and who has which, against what Python's
# yaml says about the same files.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
data=${LECTERN_DATA:-$PWD/../shared/data}
. deploy/steps.sh
python3 -c 'import yaml' 2>/dev/null || {
	echo "skipped: needs python3 with yaml"
	exit 77
}
[ -d "$data/18f" ] || {
	echo "skipped: $data/18f is not there"
	exit 77
}
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH" LC_ALL=C.UTF-8

# Lines "FILE title TITLE", "FILE month YYYY-MM", "FILE state STATE" and "FILE tag|category|author NAME",
# names folded.
cat >"$work/of_files.py" <<'PYTHON'
import datetime, html, os, re, sys, unicodedata, yaml

def fold(name):
    return " ".join(unicodedata.normalize("NFKC", str(name)).casefold().split())

def names(value, by_space):
    if value is None:
        return []
    if isinstance(value, list):
        return [n for v in value for n in names(v, False)]
    text = str(value)
    if "," in text:
        return [n.strip() for n in text.split(",")]
    return text.split() if by_space else [text]

for name in sorted(os.listdir(sys.argv[1])):
    text = open(os.path.join(sys.argv[1], name), encoding="utf-8-sig").read().replace("\r\n", "\n")
    head = re.match(r"---[ \t]*\n(.*?\n)(---|\.\.\.)[ \t]*(\n|$)", text, re.S)
    fields = yaml.safe_load(head.group(1).replace("\t", "    ")) or {}
    in_name = re.match(r"(\d{4})-(\d{1,2})-(\d{1,2})-", name)
    date = fields.get("date")
    if isinstance(date, str):
        found = re.match(r"(\d{4})-(\d{1,2})-(\d{1,2})", date.strip())
        try:
            date = found and datetime.date(*map(int, found.groups()))
        except ValueError:
            date = None
    if isinstance(date, datetime.datetime) and date.tzinfo is not None:
        date = date.astimezone(datetime.timezone.utc)
    if date is None:
        date = datetime.date(*map(int, in_name.groups()))
    print(name, "title", " ".join(html.unescape(str(fields["title"])).split()))
    # Texts with a zone may be a day off.
    print(name, "month", date.strftime("%Y-%m"))
    print(name, "state", "DRAFT" if fields.get("published") is False or fields.get("draft") else "PUBLISHED")
    for kind, keys in (("tag", ["tags"]), ("category", ["category", "categories"]),
                       ("author", ["author", "authors"])):
        found = set()
        for key in keys:
            found |= {fold(n) for n in names(fields.get(key), key in ("tags", "categories"))}
        for one in sorted(found - {""}):
            print(name, kind, one)
PYTHON
cat >"$work/of_jsonl.py" <<'PYTHON'
import json, sys, unicodedata

def fold(name):
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

for line in open(sys.argv[1]):
    record = json.loads(line)
    if "post" not in record:
        continue
    post = record["post"]
    name = post["origin"].split("/")[-1].split(":")[-1]
    print(name, "title", " ".join(post["title"].split()))
    print(name, "month", post["publishTime"][:7])
    print(name, "state", post["state"].replace("POST_STATE_", ""))
    for kind, key in (("tag", "tags"), ("category", "categories"), ("author", "authors")):
        for ref in post.get(key, []):
            print(name, kind, fold(ref["name"]))
PYTHON

# compare NAME: the folder NAME of the data.
compare() {
	local count
	start "$1"
	count=$(find "$data/$1" -type f | wc -l)
	lectern import front-matter "$data/$1" --report "$work/report" >"$work/out"
	[ "$(tail -n 1 "$work/out")" = "$count created, 0 updated, 0 unchanged, 0 refused" ] ||
		die "$1: not every file became a post: $(tail -n 1 "$work/out")"
	lectern export jsonl "$work/$1.jsonl" 2>/dev/null
	python3 "$work/of_files.py" "$data/$1" | sort >"$work/want"
	python3 "$work/of_jsonl.py" "$work/$1.jsonl" | sort >"$work/got"
	diff "$work/want" "$work/got" >"$work/diff" || {
		head -n 20 "$work/diff"
		die "$1: the store has something else than the files"
	}
	echo "$1: $count files, $(wc -l <"$work/want") facts, all of them there"
	stop
}

compare 18f
compare jekyll
