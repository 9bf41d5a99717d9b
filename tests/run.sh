#!/usr/bin/env bash
# Builds and tests everything; ends with CTest's summary.
set -euo pipefail

usage() {
	cat <<'END'
usage: tests/run.sh [--quick] [--full] [--jobs N] [--help]

Installs the Debian packages that are missing (as root or through sudo), then, in build/:
  tsan      unit, integration and end-to-end tests under ThreadSanitizer
  release   the hardened build and its end-to-end tests
  clang     compiles everything with the second compiler, warnings as errors
  dev       every test under AddressSanitizer and UndefinedBehaviorSanitizer, last

  --quick   only dev, without the container and Debian 13 tests
  --full    also libFuzzer and clang-tidy
  --jobs N  parallel jobs (default: the processors)
  --help    this text
END
}

quick=
full=
jobs=$(nproc)
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=1 ;;
	--full) full=1 ;;
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

# run_ctest PRESET OPTION...: the summary goes to the log and, in one line, to the watcher.
run_ctest() {
	local preset=$1
	shift
	"${plain_layout[@]}" ctest --test-dir "build/$preset" --no-tests=error "$@"
}

clang_build() {
	cmake --preset dev -B build/clang -DCMAKE_C_COMPILER=clang -DLECTERN_SANITIZE= \
		-DCMAKE_COMPILE_WARNING_AS_ERROR=ON && cmake --build build/clang -j "$jobs"
}

# The end-to-end tests use the machine's ports, processors and disk as a server does; the heavy ones
# build the project again in a root of their own.
heavy='^(container|system)$'

if [ -n "$quick" ]; then
	install_packages build test
	step "building dev" build dev
	run_ctest dev -LE "$heavy"
	exit 0
fi

install_packages build test clang extra image
step "building dev" build dev
step "lint" run_ctest dev -L '^lint$'
step "building tsan" build tsan
step "testing tsan" run_ctest tsan -L '^(unit|integration|e2e)$'
tail -n 1 "$LECTERN_LOGS/testing-tsan.log" >/dev/null
step "building release" build release
step "testing release" run_ctest release -L '^e2e$'
step "building with clang" clang_build
if [ -n "$full" ]; then
	step "building fuzz" build fuzz
	step "fuzzing" run_ctest fuzz -L '^fuzz$'
	step "clang-tidy" tests/lint/tidy.sh
fi
say "testing dev"
run_ctest dev
