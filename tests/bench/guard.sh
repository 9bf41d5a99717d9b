#!/usr/bin/env bash
# Instructions of the paths that have to stay fast, against those that were recorded: docs/performance.md,
# "The guard".
set -euo pipefail

usage() {
	cat <<'END'
usage: tests/bench/guard.sh [--update REASON] [--keep DIR] [--list] [NAME...]

Counts the instructions of each path (default: all) with callgrind and compares them with
tests/bench/guard.json. More than 5 % above the record fails, more than 5 % below it asks to record.
Exits with 77 where it cannot run, or nothing was recorded for such a machine.

  --update REASON  record what is counted now; adds the reason to tests/bench/guard.log
  --keep DIR       keep callgrind's files there, as NAME.callgrind, for callgrind_annotate or kcachegrind
  --list           the names of the paths
  --help           this text

LECTERN_BUILD is the release build that is looked at, build/release by default.
END
}

update=
reason=
keep=
list=
names=()
while [ $# -gt 0 ]; do
	case $1 in
	--update)
		update=1
		reason=${2:?--update needs a reason, such as "one copy less"}
		shift
		;;
	--keep)
		keep=$(realpath -m "${2:?--keep needs a directory}")
		shift
		;;
	--list) list=1 ;;
	-h | --help)
		usage
		exit 0
		;;
	-*)
		usage >&2
		exit 2
		;;
	*) names+=("$1") ;;
	esac
	shift
done

cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
program=$(realpath -m "${LECTERN_BUILD:-build/release}/tests/bench.guard")
record=$PWD/tests/bench/guard.json
log=$PWD/tests/bench/guard.log
tolerance=5 # percent

skip() {
	echo "skipped: $*"
	exit 77
}
for tool in valgrind jq; do
	command -v $tool >/dev/null || skip "needs $tool (deploy/packages has it)"
done
[ -x "$program" ] || skip "no $program; configure the preset release again now that valgrind is there," \
	"and build bench.guard"
mapfile -t all < <("$program" list)
if [ -n "$list" ]; then
	printf '%s\n' "${all[@]}"
	exit 0
fi
for name in ${names[@]+"${names[@]}"}; do
	printf '%s\n' "${all[@]}" | grep -qx -- "$name" || {
		echo "error: there is no path '$name'; --list tells what there is" >&2
		exit 2
	}
done
[ "${#names[@]}" -gt 0 ] || names=("${all[@]}")

# Stores are copied and written to with every call, so not on a disk where there is a choice.
place=${TMPDIR:-/tmp}
if [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -n 1)" -gt 1000 ]; then
	place=/dev/shm
fi
work=$(mktemp -d "$place/lectern-guard-XXXXXX")
trap 'rm -rf "$work"' EXIT

# glibc has variants of its functions for each processor. Those that every x86-64 has are the same
# everywhere. A string instruction with a repeat, as the variants for ERMS use, would count for each byte.
hwcaps=
for feature in AVX512F AVX512VL AVX512BW AVX2 AVX AVX_Fast_Unaligned_Load ERMS FSRM SSSE3 SSE4_1 SSE4_2 \
	MOVBE BMI1 BMI2 LZCNT FMA FMA4 RTM; do
	hwcaps+=,-$feature
done

# counted OUT ARGUMENT...: bench.guard under callgrind, which counts where the program tells it to, with
# the same environment whoever calls.
counted() {
	local out=$1
	shift
	env -i PATH="$PATH" LC_ALL=C GLIBC_TUNABLES="glibc.cpu.hwcaps=${hwcaps#,}" \
		valgrind -q --tool=callgrind --instr-atstart=no --callgrind-out-file="$out" "$program" "$@"
}

# upstream FILE: the version of the package that it belongs to, without what Debian adds.
upstream() {
	local file package
	file=$(realpath "$1")
	package=$(dpkg-query -S "$file" 2>/dev/null || dpkg-query -S "${file#/usr}" 2>/dev/null) || return 0
	dpkg-query -W -f '${Version}\n' "${package%%: *}" | head -n 1 | sed 's/^[0-9]*://; s/-[^-]*$//'
}

# environment: what counts depend on, as JSON.
environment() {
	local library path about
	about=$(counted /dev/null about)
	for library in libc liblmdb libsodium libprotobuf-c libcmark-gfm libglib-2.0 libgumbo libutf8proc \
		libstemmer libjansson libnng; do
		path=$(ldd "$program" | awk -v name="$library.so" 'index($1, name) == 1 { print $3 }')
		[ -z "$path" ] || printf '%s %s\n' "$library" "$(upstream "$path")"
	done | jq -Rn --arg about "$about" --arg debian "$(. /etc/os-release && echo "$ID $VERSION_ID")" \
		--arg architecture "$(uname -m)" --arg valgrind "$(valgrind --version)" '
		{$debian, $architecture}
			+ ($about | split("\n") | map(split(": ") | {(.[0]): .[1]}) | add)
			+ {valgrind: ($valgrind | ltrimstr("valgrind-"))}
			+ {libraries: ([inputs | split(" ") | {(.[0]): .[1]}] | add)}'
}

# functions FILE CALLS: of callgrind's file, the instructions of each function in a call, without and with
# those that it calls: NAME SELF INCLUSIVE. What the linker's optimiser appends to names is left out.
functions() {
	awk -v calls="$2" '
		function name_of(text, object) {
			gsub(/\.(lto_priv|constprop|isra|part|cold)(\.[0-9]+)?/, "", text)
			sub(/\047[0-9]+$/, "", text)
			sub(/@.*$/, "", text)
			if (text !~ /^0x/)
				return text
			sub(/^0x0+/, "+0x", text)
			sub(/.*\//, "", object)
			sub(/\.so.*/, "", object)
			return object text
		}
		# "(5) text" gives 5 a text, "(5)" stands for it.
		function read(kind, field,   id, at) {
			at = index(field, ")")
			id = kind substr(field, 1, at)
			if (length(field) > at)
				texts[id] = substr(field, at + 2)
			return texts[id]
		}
		/^ob=/ { object = read("o", substr($0, 4)); next }
		/^cob=/ { read("o", substr($0, 5)); next }
		/^(fl|fi|fe|cfi|cfl)=/ { next }
		/^fn=/ { name = name_of(read("f", substr($0, 4)), object); next }
		/^cfn=/ { callee = name_of(read("f", substr($0, 5)), object); next }
		/^calls=/ { called = 1; next }
		/^[0-9+*-]/ {
			if (!called)
				own[name] += $2
			if (!called || callee != name)
				all[name] += $2
			called = 0
		}
		END {
			for (name in all)
				printf "%s %d %d\n", name, own[name] / calls, all[name] / calls
		}' "$1"
}

# measure NAME: leaves $work/NAME.json if all goes well.
measure() {
	local name=$1 calls out=$work/$1.callgrind
	cp -r "$work/made" "$work/store-$name"
	calls=$(cd "$work" && counted "$out" run "store-$name" "$name") || return 1
	rm -rf "$work/store-$name"
	mv "$out.1" "$out"
	functions "$out" "$calls" | jq -Rn --arg name "$name" --argjson calls "$calls" \
		--argjson total "$(awk '/^totals:/ { print $2 }' "$out")" '
		($total / $calls | floor) as $sum |
		{($name): {instructions: $sum, functions: ([inputs | split(" ")
			| {name: .[0], self: (.[1] | tonumber), inclusive: (.[2] | tonumber)}
			| select(.self >= $sum / 500 or .inclusive >= $sum / 100)]
			| sort_by(-.self, -.inclusive, .name)
			| map({(.name): [.self, .inclusive]}) | add)}}' >"$work/$name.part"
	mv "$work/$name.part" "$work/$name.json"
	if [ -n "$keep" ]; then
		mkdir -p "$keep"
		mv "$out" "$keep/"
	fi
}

mkdir "$work/made"
(cd "$work" && "$program" make made)
environment >"$work/environment"

for name in "${names[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n || true
	done
	measure "$name" &
done
wait
for name in "${names[@]}"; do
	[ -f "$work/$name.json" ] || {
		echo "error: $name could not be measured" >&2
		exit 1
	}
done
(cd "$work" && jq -s add "${names[@]/%/.json}") >"$work/measured"
recorded=$record
if [ ! -f "$record" ]; then
	recorded=$work/no-records
	echo '[]' >"$recorded"
fi

# Records are replaced by newer ones for the same release, architecture and compiler.
if [ -n "$update" ]; then
	{
		printf '%s  %s\n' "$(date -u +%F)" "$reason"
		jq -r -n --slurpfile records "$recorded" --slurpfile measured "$work/measured" \
			--slurpfile environment "$work/environment" '
			$environment[0] as $now |
			([$records[0][] | select(.environment == $now)] | first.paths // {}) as $before |
			"  \($now.debian), \($now.architecture), \($now.compiler)",
			($measured[0] | to_entries[] | .value.instructions as $new
				| $before[.key].instructions as $old
				| "  \(.key): " + if $old == null then "\($new)" else
					"\($old) -> \($new) (\(($new - $old) * 1000 / $old | round / 10) %)" end)'
	} | tee -a "$log"
	jq -r -n --slurpfile records "$recorded" --slurpfile measured "$work/measured" \
		--slurpfile environment "$work/environment" '
		def place: .environment | [.debian, .architecture, .compiler];
		{environment: $environment[0]} as $now |
		([$records[0][] | select(.environment == $now.environment)] | first.paths // {}) as $before |
		([$records[0][] | select(place != ($now | place))]
			+ [$now + {paths: ($before + $measured[0])}]) |
		# One line for the functions of each path.
		"[", (to_entries | (length - 1) as $last | .[] |
			"{ \"environment\": \(.value.environment | tojson),", "  \"paths\": {",
			(.value.paths | to_entries | (length - 1) as $ultimate | to_entries[] |
				"    \(.value.key | tojson): { \"instructions\": \(.value.value.instructions),",
				"      \"functions\": \(.value.value.functions | tojson) }"
				+ if .key < $ultimate then "," else "" end),
			"  } }" + if .key < $last then "," else "" end), "]"' >"$work/record"
	jq -e . "$work/record" >/dev/null
	cp "$work/record" "$record"
	exit 0
fi

if ! jq -e --slurpfile environment "$work/environment" 'any(.environment == $environment[0])' \
	"$recorded" >/dev/null; then
	jq -r '"skipped: no counts were recorded for \(.debian), \(.architecture), \(.compiler)"
		+ " with these libraries and this processor"' "$work/environment"
	jq -r --slurpfile environment "$work/environment" '
		$environment[0] as $now | .[].environment | select(.debian == $now.debian) | . as $there |
		[paths(scalars)] | map(. as $path | select(($there | getpath($path)) != ($now | getpath($path)))
			| "\(join(".")) \($there | getpath($path)) there, \($now | getpath($path) // "none") here")
		| "of the records one differs in: \(join("; "))"' "$recorded"
	echo "record them with: tests/bench/guard.sh --update 'first record for this environment'"
	exit 77
fi

jq -r -n --argjson tolerance "$tolerance" --slurpfile records "$recorded" --slurpfile measured "$work/measured" \
	--slurpfile environment "$work/environment" '
	def grown($old; $new; $index): [$new | to_entries[]
		| {name: .key, now: .value[$index], before: (($old[.key] // [0, 0])[$index])}
		| select(.now > .before and (.name | test("^(main|run|call|get|guard_.*)$") | not))] | sort_by(.before - .now) | .[:10][]
		| "    \(.name): \(.before) -> \(.now) (+\(.now - .before))";
	([$records[0][] | select(.environment == $environment[0])] | first.paths) as $recorded |
	$measured[0] | to_entries[] | .key as $name | .value as $new | $recorded[$name] as $old |
	if $old == null then "\($name): \($new.instructions); not recorded yet: --update REASON"
	else
		(($new.instructions - $old.instructions) * 1000 / $old.instructions | round / 10) as $percent |
		"\($name): recorded \($old.instructions), now \($new.instructions) "
			+ "(\(if $percent > 0 then "+\($percent)" elif $percent < 0 then "\($percent)" else "0" end) %)",
		if $percent > $tolerance then
			"  FAILED: more than \($tolerance) % above the record",
			"  functions that grew the most, by their own instructions in a call:",
			grown($old.functions; $new.functions; 0),
			"  and with those of what they call:",
			grown($old.functions; $new.functions; 1)
		elif $percent < -$tolerance then
			"  NOTICE: better than the record; keep it so: tests/bench/guard.sh --update REASON"
		else empty end
	end' | tee "$work/verdict"
if grep -q '^  FAILED' "$work/verdict"; then
	echo "What is worth its instructions is recorded with the reason: tests/bench/guard.sh --update REASON"
	exit 1
fi
