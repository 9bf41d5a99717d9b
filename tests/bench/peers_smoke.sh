#!/usr/bin/env bash
# The rows beside SQLite, Redis and PostgreSQL work, as far as these are installed: each for a second
# with few posts. Nothing here depends on how fast anything is.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
export LECTERN_BIN=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
for program in jq "$LECTERN_BIN"/../tests/bench.{generate,load,values}; do
	command -v "$program" >/dev/null || {
		echo "skipped: needs $program; the latter are built with -DLECTERN_BENCH=ON"
		exit 77
	}
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LECTERN_BENCH_POSTS=400 LECTERN_BENCH_SEARCH_POSTS=400 LECTERN_BENCH_DIR=$work/stores TMPDIR=$work/temporary
mkdir "$TMPDIR"
chmod 711 "$work" "$TMPDIR" # where PostgreSQL runs as somebody else

# check ROW FILTER: of the row's result.
check() {
	jq -e "$2" "$work/results/$1.json" >/dev/null || {
		cat "$work/results/$1.json"
		die "$1: not so: $2"
	}
}

# measured ROW CONTESTANT...: the row with these runs, and leaves nothing behind. False where a
# peer is not installed.
measured() {
	local row=$1 names warmup=0
	shift
	# redis-benchmark makes a number of requests: how many take a second, the warm-up tells.
	case " $* " in *' redis '*) warmup=1 ;; esac
	tests/bench/run.sh --results "$work/results" --rounds 1 --seconds 1 --warmup "$warmup" "$row" >"$work/output" 2>&1 || {
		cat "$work/output"
		die "the row $row failed"
	}
	[ -z "$(ls -A "$TMPDIR")" ] || die "the row $row leaves files: $(ls -A "$TMPDIR")"
	if grep -q '^  skipped: needs' "$work/output"; then
		cat "$work/output"
		return 1
	fi
	names=$(printf '%s\n' "$@" | jq -Rnc '[inputs]')
	check "$row" ".contestants | keys_unsorted == $names"
	check "$row" '[.contestants[].rounds[0]] | all(.requests > 0 and .failed == 0 and .elapsed_s > 0.5)'
	check "$row" '[.contestants[].rounds[0]] | all(0 < .p50_us and .p50_us <= .p99_us and .p99_us <= .p999_us)'
	check "$row" '[.contestants[].median] | all(.server_cpu_us_per_request > 0 and .rss_bytes > 0)'
	check "$row" '[.contestants | to_entries[] | select(.key | startswith("lecternd") | not) | .value] |
		all((.version | test("[0-9]")) and (.settings | length > 0))'
}

if measured search lecternd lecternd_uncached fts5_service fts5; then
	check search '.facts.matches | .equal >= .compared * 0.9'
	# The same posts and texts.
	check search '[.contestants[].median | .response_bytes / .requests] | .[0] / .[2] | 0.7 < . and . < 1.4'
fi
for row in batch batch_one get_redis; do
	if measured "$row" lecternd lecternd_uncached redis; then
		check "$row" '[.contestants[].median | .response_bytes / .requests] | .[0] / .[2] | 0.9 < . and . < 1.1'
	fi
done
if [ "$(stat -f -c %T "$TMPDIR")" = tmpfs ]; then
	echo "without the rows of writes: $TMPDIR is in memory"
else
	if measured write_redis lecternd redis; then
		check write_redis '.facts.fdatasync.syncs_per_s > 0 and .facts.payload_bytes > 500'
	fi
	measured write_postgres lecternd postgres postgres_search || true
fi
measured get_postgres lecternd lecternd_uncached postgres || true
measured archive_postgres lecternd lecternd_uncached postgres || true

# Servers that are asked wrongly say so.
if command -v bench.fts5 >/dev/null; then
	wrong() { # TEXT COMMAND...
		local text=$1
		shift
		if "$@" >"$work/output" 2>&1 </dev/null || ! grep -qF -- "$text" "$work/output"; then
			cat "$work/output"
			die "$*: did not fail with \"$text\""
		fi
	}
	export PATH="$LECTERN_BIN/../tests:$PATH"
	database=$(echo "$work"/stores/*/fts5-*.db)
	echo '{"query": "-word"}' >"$work/requests"
	wrong 'request 1 finds nothing' bench.fts5 count "$database" "$work/requests"
	echo '{"querry": "word"}' >"$work/requests"
	wrong 'requests, line 1: querry' bench.fts5 count "$database" "$work/requests"
	wrong 'there are no posts' bench.fts5 load "$work/new.db"
	wrong 'unable to open' bench.fts5 count "$work/none.db" "$work/requests"
	printf 'no stream of values' >"$work/cut"
	wrong 'ends within' bash -c 'head -c 15 "$1" | bench.postgres_rows "$2"' bash "$database" "$work"
	wrong 'bench.values?' bash -c 'bench.redis_commands <"$1"' bash "$work/cut"
	# Whatever stands in a query, FTS5 gets words.
	printf '%s\n' '{"query": "a\"b AND ( NEAR* title:x"}' '{"query": "\"open"}' >"$work/requests"
	[ "$(bench.fts5 count "$database" "$work/requests" | wc -l)" = 2 ] || die "a query became an expression"
fi
