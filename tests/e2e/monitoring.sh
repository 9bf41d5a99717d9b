#!/usr/bin/env bash
# What stands in deploy/grafana and deploy/prometheus fits the metrics of a real server, and so does
# docs/operations.md; promtool, where it is at hand, takes all of it. lectern stats --watch.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
command -v jq >/dev/null || {
	echo "skipped: needs jq"
	exit 77
}
work=$(mktemp -d)
server=
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap '[ -z "$server" ] || kill "$server"; wait; rm -rf "$work"' EXIT
export LECTERN_SERVER=ipc://$work/rpc.sock PATH="$bin:$PATH" LC_ALL=C.UTF-8
dashboard=deploy/grafana/lectern.json
failed=0

complain() {
	printf '%s\n' "$*"
	failed=1
}

"$bin/lecternd" --data "$work/data" --listen "$LECTERN_SERVER" >"$work/log" 2>&1 </dev/null &
server=$!
wait_for_ready "$server" "$work/log" >/dev/null || die "no server: $(cat "$work/log")"
lectern post create --title One >/dev/null
lectern watch --since 0 --count 1 >/dev/null
lectern metrics >"$work/metrics"
# TYPE name: histograms also by the names of their series.
awk '$1 == "#" && $2 == "TYPE" { print $3; if ($4 == "histogram")
	print $3 "_bucket\n" $3 "_sum\n" $3 "_count" }' "$work/metrics" | sort >"$work/names"
[ "$(wc -l <"$work/names")" -ge 50 ] || complain "few metrics: $(wc -l <"$work/names")"

# used FILE: the names of metrics on standard input are those of the server.
used() {
	local name count=0
	while read -r name; do
		count=$((count + 1))
		grep -qxF "$name" "$work/names" || complain "$1: there is no metric $name"
	done < <(grep -oE '\b(lectern|process)_[a-z_]+' | sort -u)
	[ "$count" -ge 10 ] || complain "$1: names only $count metrics"
}
jq -er '.. | .expr? // empty' "$dashboard" >"$work/expressions" || complain "$dashboard: no expressions"
used "$dashboard" <"$work/expressions"
grep -A1 'expr:' deploy/prometheus/alerts.yml | used deploy/prometheus/alerts.yml
grep 'series:' deploy/prometheus/alerts_test.yml | used deploy/prometheus/alerts_test.yml

# The dashboard: panels do not overlap, each has expressions, all ask the chosen data source.
jq -e '[.panels[].id] | length == (unique | length)' "$dashboard" >/dev/null || complain "$dashboard: ids"
jq -e '[.panels[] | .gridPos | .x as $x | .y as $y | range($x; $x + .w) as $i |
	range($y; $y + .h) as $j | [$i, $j]] | length == (unique | length)' "$dashboard" >/dev/null ||
	complain "$dashboard: panels overlap"
jq -e 'all(.panels[] | select(.type != "row"); (.targets | length) > 0 and
	.datasource.uid == "${datasource}")' "$dashboard" >/dev/null || complain "$dashboard: panels"

# Each alert has its row in the documentation and the other way round, and leads to a heading.
sed -n 's/.*- alert: //p' deploy/prometheus/alerts.yml | sort >"$work/alerts"
sed -n 's/^| \(Lectern[A-Za-z]*\) |.*/\1/p' docs/operations.md | sort >"$work/rows"
cmp -s "$work/alerts" "$work/rows" ||
	complain "docs/operations.md: other alerts: $(diff "$work/alerts" "$work/rows")"
sed -n 's/^#\+ //p' docs/operations.md | tr 'A-Z ' 'a-z-' >"$work/headings"
while read -r heading; do
	grep -qxF "$heading" "$work/headings" || complain "alerts.yml: docs/operations.md has no #$heading"
done < <(sed -n 's/.*runbook_url: docs\/operations.md#//p' deploy/prometheus/alerts.yml | sort -u)
for field in summary what_to_do runbook_url severity; do
	[ "$(grep -c "^ *$field: ." deploy/prometheus/alerts.yml)" = "$(wc -l <"$work/alerts")" ] ||
		complain "alerts.yml: not each alert has $field"
done

# What an alert is tested for, by name.
while read -r alert; do
	grep -q "alertname=\"$alert\"" deploy/prometheus/alerts_test.yml ||
		complain "alerts_test.yml: $alert is not tested"
done <"$work/alerts"

if command -v promtool >/dev/null; then
	promtool check metrics <"$work/metrics" >"$work/promtool" 2>&1 || complain "$(cat "$work/promtool")"
	[ ! -s "$work/promtool" ] || complain "promtool: $(cat "$work/promtool")"
	promtool check rules deploy/prometheus/alerts.yml >"$work/promtool" 2>&1 ||
		complain "$(cat "$work/promtool")"
	promtool test rules deploy/prometheus/alerts_test.yml >"$work/promtool" 2>&1 ||
		complain "$(cat "$work/promtool")"
	promtool check config --syntax-only deploy/prometheus/prometheus.yml >"$work/promtool" 2>&1 ||
		complain "$(cat "$work/promtool")"
	# Every expression of the dashboard is one.
	{
		printf 'groups:\n- name: dashboard\n  rules:\n'
		sed 's/\$__rate_interval/5m/g; s/\$job/j/g; s/\$instance/i/g' "$work/expressions" |
			jq -Rr '"  - record: a:" + (input_line_number | tostring) + "\n    expr: " + tojson'
	} | sed 's/record: a:/record: a_/' >"$work/dashboard.yml"
	promtool check rules --lint=none "$work/dashboard.yml" >"$work/promtool" 2>&1 ||
		complain "$dashboard: $(cat "$work/promtool")"
else
	echo "without promtool: what Prometheus thinks of it was not asked"
fi

# stats --watch: SIGINT ends it with 0, lines are whole, rates are of the calls in between.
watch() { # OUTPUT ARGUMENT...
	local output=$1 status=0
	shift
	: >"$output" # else lines of the watch before may be counted
	(
		trap - INT
		exec "$bin/lectern" "$@"
	) >"$output" 2>"$work/err" </dev/null &
	local watcher=$!
	for _ in {1..100}; do
		[ "$(wc -l <"$output")" -ge 2 ] && break
		lectern health >/dev/null
		sleep 0.1
	done
	kill -TERM "$watcher"
	wait "$watcher" || status=$?
	[ "$status" = 0 ] || complain "$*: ended with $status: $(cat "$work/err")"
	[ ! -s "$work/err" ] || complain "$*: $(cat "$work/err")"
}
watch "$work/lines" -o jsonl stats --interval 200ms
jq -es 'length >= 2 and all(.callsPerSecond > 0 and .calls > 0 and .storeBytes > 0 and
	.connections >= 1 and .failedCallsPerSecond == 0 and .callP99Us > 0)' "$work/lines" >/dev/null ||
	complain "stats --watch: $(cat "$work/lines")"
watch "$work/lines" stats --watch --interval 200ms
grep -qE '^20[0-9-]+T[0-9:.]+Z calls [0-9.]+/s failed 0.0/s p50 <= .* lag 0$' "$work/lines" ||
	complain "stats --watch: $(cat "$work/lines")"
! grep -q $'\x1b' "$work/lines" || complain "stats --watch: commands for a terminal in a file"
# On a terminal it is drawn again.
if command -v script >/dev/null; then
	TERM=xterm timeout -s TERM 2 script -qec "timeout -s TERM 1 $bin/lectern stats --interval 200ms" \
		"$work/screen" >/dev/null 2>&1 </dev/null || true
	# without a terminal device, in a bare root, there is nothing to look at
	[ ! -s "$work/screen" ] || [ "$(grep -c $'\x1b\[H' "$work/screen")" -ge 2 ] || complain "stats --watch: is not drawn again"
fi
# With tokens: the log names who calls, by the token's name, and has no token.
kill "$server"
wait "$server" || true
(umask 077 && lectern token create collector --scope read --tokens "$work/tokens" >"$work/token")
"$bin/lecternd" --data "$work/data" --listen "$LECTERN_SERVER" --tokens "$work/tokens" --log-calls all \
	--http 127.0.0.1:0 \
	>"$work/log" 2>&1 </dev/null &
server=$!
wait_for_ready "$server" "$work/log" >/dev/null || die "no server: $(cat "$work/log")"
lectern --token-file "$work/token" metrics >"$work/metrics"
grep -q '^lectern_build_info{' "$work/metrics" || complain "no metrics with a token"
! lectern metrics >/dev/null 2>&1 || complain "metrics without a token"
for _ in {1..50}; do
	grep -q UNAUTHENTICATED "$work/log" && break
	sleep 0.1
done
grep -q '"code":"OK".*"principal":"collector"' "$work/log" || complain "no principal: $(cat "$work/log")"
grep '"code":"UNAUTHENTICATED"' "$work/log" | grep -qv principal || complain "no UNAUTHENTICATED"
! grep -qF "$(head -n 1 "$work/token")" "$work/log" || complain "the token stands in the log"

# The same over HTTP, with the ids of the request's headers in the log.
if command -v curl >/dev/null; then
	address=$(sed -n 's/.*"msg":"ready".*"http":"\([^"]*\)".*/\1/p' "$work/log")
	curl -sf -H "authorization: Bearer $(head -n 1 "$work/token")" -H 'x-request-id: order-66' \
		-H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' \
		"$address/metrics" >"$work/metrics" || complain "no metrics over HTTP"
	grep -q '^lectern_build_info{' "$work/metrics" || complain "no metrics over HTTP"
	wanted='"request_id":"order-66","trace_id":"0af7651916cd43dd8448eb211c80319c","principal":"collector"'
	for _ in {1..50}; do
		grep -q "$wanted" "$work/log" && break
		sleep 0.1
	done
	grep -q "$wanted" "$work/log" || complain "the ids of the request over HTTP are not in the log"
	! grep -qF "$(head -n 1 "$work/token")" "$work/log" || complain "the token stands in the log"
fi

# A server that is not there at the beginning is not waited for.
kill "$server"
wait "$server" || true
server=
status=0
timeout 20 lectern --timeout 1000 stats --watch >/dev/null 2>&1 </dev/null || status=$?
[ "$status" = 78 ] || complain "stats --watch without a server: ended with $status"
exit $failed
