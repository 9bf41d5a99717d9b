#!/usr/bin/env bash
# Builds and tests everything; ends with CTest's summary.
set -euo pipefail

usage() {
	cat <<'END'
usage: tests/run.sh [--quick] [--full] [--fuzz SECONDS] [--soak [SECONDS]] [--jobs N] [--help]

Installs the Debian packages that are missing (as root or through sudo), then, in build/:
  tsan      unit, integration and end-to-end tests under ThreadSanitizer
  release   the same with the hardened build, but for units that do the same however they are compiled,
            and the instruction counts of its hot paths against those that are recorded
  clang     compiles everything with the second compiler, warnings as errors
  fuzz      libFuzzer on what reads bytes from the network, one minute each
  dev       every test under AddressSanitizer and UndefinedBehaviorSanitizer, with those in Debian
            12 and 13 roots and in a container, last

  --quick   only dev, without roots and container
  --full    also every other libFuzzer target, clang-tidy, and long runs of the tests with random choices: 200 kills,
            3000 damaged files, 100000 questions
  --soak [SECONDS]
            only the release build, and a server of it under mixed load and hostile clients for that
            long (default: 600): memory, open files and threads must stay, all be answered
  --fuzz SECONDS
            how long each libFuzzer target runs (default: 60)
  --jobs N  parallel jobs (default: the processors)
  --help    this text
END
}

quick=
full=
soak_seconds=
fuzz_seconds=60
jobs=$(nproc)
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=1 ;;
	--full) full=1 ;;
	--soak)
		soak_seconds=600
		if [[ ${2:-} =~ ^[0-9]+$ ]]; then
			soak_seconds=$2
			shift
		fi
		;;
	--fuzz)
		fuzz_seconds=${2:?--fuzz needs a number of seconds}
		shift
		;;
	--jobs)
		jobs=${2:?--jobs needs a number}
		shift
		;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
	shift
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p build/logs
LECTERN_LOGS=$PWD/build/logs
. deploy/steps.sh
export CTEST_PARALLEL_LEVEL=$jobs CTEST_OUTPUT_ON_FAILURE=1

# build PRESET OPTION...: configures with the tests and compiles; warnings are errors.
build() {
	local preset=$1
	shift
	cmake --preset "$preset" -DLECTERN_TESTS=ON -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@" &&
		cmake --build "build/$preset" -j "$jobs"
}

# The sanitizers' shadow memory of these compilers does not fit every random address layout.
plain_layout=()
if setarch "$(uname -m)" -R true 2>/dev/null; then
	plain_layout=(setarch "$(uname -m)" -R)
fi

run_ctest() {
	local preset=$1
	shift
	"${plain_layout[@]}" ctest --test-dir "build/$preset" --no-tests=error "$@"
}

# test_step LABEL PRESET OPTION...: as a step, with CTest's result beneath it.
test_step() {
	local label=$1
	shift
	step "$label" run_ctest "$@"
	sed -n 's/^\(.*tests passed.*\)$/    \1/p' "$LECTERN_LOGS/${label// /-}.log"
}

clang_build() {
	cmake --preset dev -B build/clang -DCMAKE_C_COMPILER=clang -DLECTERN_SANITIZE= \
		-DCMAKE_COMPILE_WARNING_AS_ERROR=ON && cmake --build build/clang -j "$jobs"
}

# fuzz_build TARGET...: some targets of the fuzz preset, all without one.
fuzz_build() {
	cmake --preset fuzz -DLECTERN_FUZZ_SECONDS="$fuzz_seconds" &&
		cmake --build build/fuzz -j "$jobs" ${1:+--target "$@"}
}

# What bytes from the network reach first.
network='^fuzz\.(envelope|http|json)$'

# any PATTERN...: an expression for tests with one of the names. CTest does not take many parentheses.
any() {
	local names
	printf -v names '|^%s$' "$@"
	printf '%s\n' "${names#|}"
}

# Where ThreadSanitizer would see nothing that it does not see elsewhere: layers without threads,
# tests that damage files or write beside the writer's thread, and programs that make thousands of calls
# of a server that does one thing after the other.
no_threads=$(any 'base\..*' 'codec\..*' 'analysis\..*' 'exporters\..*' 'importers\.[^p].*' importers.plain \
	'services\.html.*' services.{archive_pages,filter_random,markdown,page,time_zone} \
	services.search_{bounds,pages,random,text_random} services.{import_random,list_edges} \
	store.{search_size,search_block,post_iterator} \
	store.{check,model,pages,pages_damage,power_cut,rebuild,seal,search_index,search_recent} cli.{diff,run} \
	http.{connect,site_pages} site.{atom,links} integration.install_consume \
	e2e.{18f,api_examples,bad_filters,bad_input,bad_tokens,bench,cli,clock,damaged,manifests,migration} \
	e2e.{monitoring,options,query_oracle,readme,seeds,site,systemd,tls,tokens,watch} 'e2e\.import.*')

# What takes long and does the same in every build: in the last one alone, or, where sanitizers have
# little to see and slow it down, in the release build alone.
same=$(any store.{pages_damage,power_cut} services.html_bounds transport.tls 'e2e\.import.*' \
	e2e.{18f,clock,damaged,hostile,manifests,options,systemd,tls,tokens})
released='^e2e\.(migration|query_oracle)$'

# Layers that do the same however they are compiled, and tests that wait more than they work: not with
# the hardened build, whose servers and tools all others use.
compiled_alike=$(any '(base|codec|analysis|exporters|importers|cli|services)\..*' e2e.{monitoring,watch} \
	client.watch transport.slow_clients)

# long_run NAME: a program of the release build, for much longer than CTest lets it run.
long_run() {
	LECTERN_BIN=$PWD/build/release/bin LECTERN_SOURCE=$PWD LECTERN_CRASH_ROUNDS=200 \
		LECTERN_DAMAGE_ROUNDS=3000 LECTERN_ORACLE_QUERIES=100000 "build/release/tests/$1"
}

# Minutes long; they build the project again in a root of their own.
heavy='^system$'

if [ -n "$quick" ]; then
	install_packages build test
	step "building dev" build dev
	run_ctest dev -LE "$heavy"
	exit 0
fi

if [ -n "$soak_seconds" ]; then
	install_packages build test
	step "building release" build release
	LECTERN_BIN=$PWD/build/release/bin exec tests/e2e/soak.sh "$soak_seconds"
fi

install_packages build test clang extra image
step "building dev" build dev
test_step "lint" dev -L '^lint$'
step "building tsan" build tsan
test_step "testing tsan" tsan -L '^(unit|integration|e2e)$' -E "$no_threads"
step "building release" build release -DLECTERN_BENCH=ON
test_step "testing release" release -L '^(unit|integration|e2e|bench)$' -E "$same|$compiled_alike"
step "building clang" clang_build
step "building fuzz" fuzz_build fuzz.envelope fuzz.http fuzz.json
test_step "fuzzing" fuzz -R "$network"
if [ -n "$full" ]; then
	for name in e2e.crash store.pages_damage e2e.damaged e2e.query_oracle; do
		step "long run of $name" long_run "$name"
	done
	step "building all of fuzz" fuzz_build
	test_step "fuzzing the rest" fuzz -L '^fuzz$' -E "$network"
	step "clang-tidy" tests/lint/tidy.sh
fi
say "testing dev (logs of the steps above: build/logs)"
if [ -n "$full" ]; then
	run_ctest dev
else
	# The steps above are such a build as that of quickstart12.
	run_ctest dev -E "^system\.quickstart12\$|$released"
fi
