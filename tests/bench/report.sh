# From rounds to medians, ratios and a table. Sourced by run.sh.
# shellcheck shell=bash

# version CONTESTANT: what it says of itself.
version() {
	if declare -F "$1_version" >/dev/null; then
		"$1_version"
	else
		echo unknown
	fi
}

# settings CONTESTANT: those that it does not have by default, as JSON.
settings() {
	if declare -F "$1_settings" >/dev/null; then
		"$1_settings"
	else
		echo '{}'
	fi
}

# row_facts_json: what else the row has found out, from $bench_work/facts.json.
row_facts_json() {
	# shellcheck disable=SC2154 # of run.sh
	if [ -s "$bench_work/facts.json" ]; then
		cat "$bench_work/facts.json"
	else
		echo '{}'
	fi
}

# write_result FILE: of the row in this shell; its rounds are in $bench_work. A ratio is that of
# ours (row_ours, else the first contestant) to another one, of medians; above 1 it has more of it.
# Its name is that of the other one, behind "OURS/" where it is not of the first of ours.
write_result() {
	local name all='{}'
	# shellcheck disable=SC2154
	for name in "${row_contestants[@]}"; do
		all=$(jq -c --arg name "$name" --arg version "$(version "$name")" \
			--argjson settings "$(settings "$name")" --slurpfile rounds "$bench_work/rounds.$name" '
			def median: sort | if length % 2 == 1 then .[length / 2 | floor]
				else (.[length / 2 - 1] + .[length / 2]) / 2 end;
			. + {($name): {version: $version, settings: $settings, rounds: $rounds, median: ($rounds | map(to_entries[]) |
				group_by(.key) | map(select(all(.value | type == "number"))) |
				map({key: .[0].key, value: (map(.value) | median)}) | from_entries)}}' <<<"$all")
	done
	# shellcheck disable=SC2154
	jq -n --arg name "$row_name" --arg title "$row_title" --arg target "${row_target:-}" \
		--arg date "$(date -u +%FT%TZ)" --argjson machine "$(machine)" \
		--arg commit "$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
		--argjson seconds "$seconds" --argjson warmup "$warmup" --argjson contestants "$all" \
		--argjson facts "$(row_facts_json)" \
		--argjson ours "$(jq -cn '$ARGS.positional' --args "${row_ours[@]:-${row_contestants[0]}}")" '
		def ratio(key; ours; other): $contestants[ours].median[key] as $mine |
			$contestants[other].median[key] as $theirs |
			if $mine == null or ($theirs // 0) == 0 then null else $mine / $theirs end;
		{name: $name, title: $title, target: $target, date: $date, commit: $commit, machine: $machine,
		seconds: $seconds, warmup: $warmup, facts: $facts, contestants: $contestants,
		ratios: [$ours[] as $mine | ($contestants | keys_unsorted - $ours)[] as $other | {
			key: (if $mine == $ours[0] then $other else "\($mine)/\($other)" end), value: (
			["requests_per_s", "server_cpu_us_per_request", "p50_us", "p99_us", "p999_us", "rss_bytes",
			"private_bytes"] | map({key: ., value: ratio(.; $mine; $other)}) | from_entries)}] | from_entries}' \
		>"$1.new"
	mv "$1.new" "$1"
}

# print_table DIR NAME...: of the rows that have results, to DIR/table.md and to standard output.
print_table() {
	local name files=()
	for name in "${@:2}"; do
		[ ! -f "$1/$name.json" ] || files+=("$1/$name.json")
	done
	[ ${#files[@]} -gt 0 ] || return 0
	jq -rs '
		def short: if . == null then "-" elif . >= 100 then round elif . >= 10 then . * 10 | round / 10
			else . * 100 | round / 100 end | tostring;
		def mib: if . == null then "-" else . / 1048576 | short end;
		"| row | | calls/s | bytes each | server CPU per call, us | p50, us | p99, us | p999, us | resident, MiB | private, MiB | load CPU per call, us |",
		"|---|---|---|---|---|---|---|---|---|---|---|",
		(.[] | . as $row | ($row.contestants | keys_unsorted) as $names | $names[] as $name |
			$row.contestants[$name].median as $m |
			"| \(if $name == $names[0] then "`\($row.name)`" else "" end) | \($name) | \($m.requests_per_s | short) | \(if $m.requests > 0 and $m.response_bytes != null then $m.response_bytes / $m.requests | round else null end | short) | \($m.server_cpu_us_per_request | short) | \($m.p50_us | short) | \($m.p99_us | short) | \($m.p999_us | short) | \($m.rss_bytes | mib) | \($m.private_bytes | mib) | \($m.load_cpu_us_per_request | short) |"),
		"",
		"| row | target | to | throughput | server CPU | p50 | p99 | resident | rounds | others | again |",
		"|---|---|---|---|---|---|---|---|---|---|---|",
		(.[] | . as $row | .ratios | to_entries[] | .value as $r |
			"| `\($row.name)` | \($row.target) | \(.key) | \($r.requests_per_s | short) | \($r.server_cpu_us_per_request | short) | \($r.p50_us | short) | \($r.p99_us | short) | \($r.rss_bytes | short) | \([$row.contestants[].rounds | length] | min) x \($row.seconds) s | \([$row.contestants[].median.others_share // 0] | max * 100 | round) % | `tests/bench/run.sh \($row.name)` |"),
		"",
		(group_by([.machine, .commit[:12], .date[:10]]) | .[] | .[0] as $one |
			(map("`\(.name)`") | join(", ")) + ": \($one.machine.processor), \($one.machine.processors) processors, " +
			"\($one.machine.memory_bytes / 1073741824 | short) GiB, \($one.machine.system), \($one.machine.kernel); " +
			"commit \($one.commit[:12]), \($one.date[:10]). " +
			(map(.contestants | to_entries[] | "\(.key) \(.value.version)") | unique | join(", ")) + ".")
		' "${files[@]}" | tee "$1/table.md"
}

# document_table DIR FILE: DIR/table.md into the FILE, between its marks.
document_table() {
	[ -s "$1/table.md" ] || die "there are no results in $1"
	awk -v table="$1/table.md" '
		/^<!-- end of results -->$/ { inside = 0 }
		!inside
		/^<!-- results -->$/ { inside = 1; while ((getline line <table) > 0) print line }
	' "$2" >"$2.new"
	mv "$2.new" "$2"
}
