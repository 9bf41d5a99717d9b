# Posts of Jekyll, one file each, to Lectern's jsonl: jq -nRc -f 18f.jq FILE... For the front matter
# of these files, not for YAML as such.

def trim: sub("^\\s+"; "") | sub("\\s+$"; "");

# A value that begins with a double quote and whose end is still to come.
def is_open: (.lines[0] | test("^\\s*\"")) and (.lines | join(" ") | test("^\\s*\".*[^\\\\]\"\\s*$") | not);

# The lines between the marks as {key, lines}.
def entries:
	reduce .[] as $line ([];
		if ($line | test("^[a-zA-Z_]+:")) and (length == 0 or (.[-1] | is_open | not)) then
			. + [{ key: ($line | sub(":.*"; "")), lines: [$line | sub("^[a-zA-Z_]+:\\s*"; "")] }]
		else
			.[-1].lines += [$line]
		end);

def unquote:
	if test("^\".*\"$") then .[1:-1] | gsub("\\\\\""; "\"") | gsub("\\\\\\\\"; "\\")
	elif test("^'.*'$") then .[1:-1] | gsub("''"; "'")
	else . end;

def lines_of($key): [.[] | select(.key == $key) | .lines] | .[-1] // [];

def scalar($key):
	lines_of($key)
	| if (.[0] // "" | trim | test("^[>|][-+]?$")) then .[1:] else . end
	| map(trim | select(. != "")) | join(" ") | trim | unquote | trim;

def list($key): [lines_of($key)[1:][] | select(test("^\\s*-\\s")) | sub("^\\s*-\\s+"; "") | trim | unquote];

# Each once, as the server compares names.
def distinct: reduce .[] as $name ([]; if any(.[]; ascii_downcase == ($name | ascii_downcase)) then . else . + [$name] end);

# "2015-01-16", "2014-03-12T10:11:00-04:00" or "2015-03-17 14:00:00 -4" to UTC.
def utc:
	capture("^(?<day>[0-9-]{10})([T ](?<clock>[0-9:]{8}) ?(?<offset>[-+][0-9:]+)?)?")
	| ((.offset // "+0") | capture("(?<sign>[-+])0?(?<hours>[0-9]+)(:(?<minutes>[0-9]+))?")) as $offset
	| ((($offset.hours | tonumber) * 60 + ($offset.minutes // "0" | tonumber)) * 60
		* (if $offset.sign == "-" then -1 else 1 end)) as $seconds
	| "\(.day)T\(.clock // "00:00:00")Z" | fromdate - $seconds | todate;

def post:
	(.[0][0] | sub(".*/"; "") | sub("\\.md$"; "")) as $name
	| map(.[1] | sub("\r$"; "")) as $lines
	| ([$lines | to_entries[] | select(.key > 0 and (.value | test("^---\\s*$"))) | .key] | .[0]) as $bottom
	| ($lines[1:$bottom] | entries)
	| ([scalar("date"), $name[0:10]] | map(select(. != "")) | .[0] | utc) as $time
	| ([scalar("excerpt"), scalar("description")] | map(select(. != "")) | .[0] // "") as $excerpt
	| { post: {
		slug: ($name | ascii_downcase),
		title: scalar("title"),
		excerpt: $excerpt,
		state: "POST_STATE_PUBLISHED",
		publishTime: $time,
		tags: (list("tags") | distinct | map({ name: . })),
		authors: (list("authors") | distinct | map({ name: . })),
		language: "en",
		body: ($lines[$bottom + 1:] | join("\n"))
	} };

[inputs | [input_filename, .]] | group_by(.[0])[] | post
