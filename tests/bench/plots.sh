#!/usr/bin/env bash
# Draws what scale.sh has measured: docs/performance/*.svg of the files scale-POSTS.json in
# ${LECTERN_BENCH_RESULTS:-tests/bench/results}.
#
#   plots.sh [FOLDER]     where to write, instead of docs/performance
#
# Grey text and strong colours on no background: the pictures do on light and dark pages. Fonts are the
# reader's.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/steps.sh
results=${LECTERN_BENCH_RESULTS:-tests/bench/results}
out=${1:-docs/performance}
command -v gnuplot >/dev/null || die "needs gnuplot; it is in the group bench of deploy/packages"
command -v jq >/dev/null || die "needs jq; it is in the group test of deploy/packages"
compgen -G "$results/scale-[0-9]*.json" >/dev/null ||
	die "there is no $results/scale-POSTS.json: run tests/bench/scale.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# One column of rows.NAME a file: POSTS THROUGHPUT CPU ALONE WARM COLD.
names=(get archive archive_deep and_list and_list_total search suggest)
titles=('one post' 'archive page' 'hundredth archive page' 'two tags' 'two tags, counted' 'search'
	'suggestions')
for name in "${names[@]}"; do
	jq -rs --arg name "$name" 'sort_by(.posts)[] | .posts as $posts | .rows[$name] |
		[$posts, .loaded.requests_per_s, .loaded.server_cpu_us_per_request, .alone.p50_us,
		.warm.p50_us, .cold.p50_us] | @tsv' "$results"/scale-[0-9]*.json >"$work/$name"
done
jq -rs 'sort_by(.posts)[] | [.posts, .imported.bytes_per_post / 1024, .imported.posts_per_s,
	.imported.server_cpu_us_per_post] | @tsv' "$results"/scale-[0-9]*.json >"$work/store"

style='set terminal svg size 640,360 dynamic font "sans-serif,12" noenhanced linewidth 1.2
set encoding utf8
set border 3 linecolor "#808890"
set tics nomirror textcolor "#808890"
set grid ytics linecolor "#808890" dashtype 3 linewidth 0.4
set key outside right top vertical reverse Left textcolor "#808890" samplen 2
set xlabel "posts in the store" textcolor "#808890"
set logscale x
set xrange [*:*] noextend
set offsets graph 0.03, graph 0.03, 0, 0
set format x "%.0s%c"
set linetype 1 linecolor "#1f8acb" pointtype 7 pointsize 0.5 linewidth 1.6
set linetype 2 linecolor "#d9772b" pointtype 7 pointsize 0.5 linewidth 1.6
set linetype 3 linecolor "#2fa36b" pointtype 7 pointsize 0.5 linewidth 1.6
set linetype 4 linecolor "#c9504d" pointtype 7 pointsize 0.5 linewidth 1.6
set linetype 5 linecolor "#9a6fc4" pointtype 7 pointsize 0.5 linewidth 1.6
set linetype 6 linecolor "#b59a1c" pointtype 7 pointsize 0.5 linewidth 1.6
set linetype 7 linecolor "#d162a4" pointtype 7 pointsize 0.5 linewidth 1.6'

# draw NAME: gnuplot's commands on standard input. The picture appears when it is whole.
draw() {
	{
		printf '%s\nset output "%s"\n' "$style" "$work/$1.svg"
		cat
	} | gnuplot || die "gnuplot failed at $1"
	mv "$work/$1.svg" "$out/$1.svg"
	say "$out/$1.svg"
}

# curves COLUMN: of all rows.
curves() {
	local i separator='plot'
	for ((i = 0; i < ${#names[@]}; i++)); do
		printf '%s "%s" using 1:%s with linespoints title "%s"' "$separator" "$work/${names[i]}" "$1" \
			"${titles[i]}"
		separator=','
	done
	echo
}

# warm_and_cold NAME TITLE LINETYPE...: two curves of each, the cold one dashed.
warm_and_cold() {
	local separator='plot'
	while [ $# -gt 0 ]; do
		printf '%s "%s" using 1:5 with linespoints linetype %s title "%s, warm"' "$separator" \
			"$work/$1" "$3" "$2"
		printf ', "%s" using 1:6 with linespoints linetype %s dashtype 2 title "%s, cold"' \
			"$work/$1" "$3" "$2"
		separator=','
		shift 3
	done
	echo
}

draw scale-throughput <<END
set logscale y
set ylabel "calls per second" textcolor "#808890"
set format y "%.0s%c"
$(curves 2)
END
draw scale-cpu <<END
set logscale y
set ylabel "server CPU per call, µs" textcolor "#808890"
set format y "%.0f"
$(curves 3)
END
draw scale-latency <<END
set logscale y
set ylabel "median time of a single call, µs" textcolor "#808890"
set format y "%.0f"
$(warm_and_cold get 'one post' 1 archive 'archive page' 2 search search 6)
END
draw scale-store <<END
set ylabel "store, KiB per post" textcolor "#808890"
set yrange [0:*]
set y2label "import, posts per second" textcolor "#808890"
set y2tics textcolor "#808890"
set y2range [0:*]
set border 11
set key outside bottom center horizontal
plot "$work/store" using 1:2 with linespoints linetype 1 title "store, KiB per post", \
	"$work/store" using 1:3 axes x1y2 with linespoints linetype 2 title "import, posts per second"
END
