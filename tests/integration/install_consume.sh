#!/usr/bin/env bash
# Installs into a temporary prefix and builds programs against it: with pkg-config and with
# find_package(), in C and, where there is a compiler, in C++.
# Usage: install_consume.sh COMPILER [SANITIZERS]
set -euo pipefail

sanitizers=${2-}
compiler=${1:-cc}
: "${LECTERN_BUILD:?}" "${LECTERN_SOURCE:?}"
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
example=$LECTERN_SOURCE/tests/integration/install_consume
# The library needs the run-time library of its sanitizers in the program.
flags=(-Wall -Wextra -Wpedantic -Werror)
[[ -z $sanitizers ]] || flags+=("-fsanitize=$sanitizers")

fail()
{
	echo "FAILED: $1"
	exit 1
}

check_output()
{
	local got want
	want=$'version 0.1.0\nUNAVAILABLE NOT_CONNECTED'
	got=$("$1" 2>&1) || fail "$1: exit status $?: $got"
	[[ $got == "$want" ]] || fail "$1 printed: $got"
	echo "ok: $2"
}

cmake --install "$LECTERN_BUILD" --prefix "$prefix" >"$work/install.log" 2>&1 ||
	fail "install: $(grep -v "^-- " "$work/install.log")"
library=$(find "$prefix" -name liblectern.so.0.1.0)
[[ -n $library ]] || fail "no liblectern.so.0.1.0 in the prefix"
libdir=${library%/*}
export LD_LIBRARY_PATH=$libdir PKG_CONFIG_PATH=$libdir/pkgconfig

foreign=$(nm -D --defined-only "$library" | awk '{print $3}' |
	grep -vE '^(lectern_[a-z_]+(@@LECTERN_0)?|LECTERN_0)$' || true)
[[ -z $foreign ]] || fail "the library exports more than lectern_*: $foreign"
[[ $(objdump -p "$library" | awk '/SONAME/ {print $2}') == liblectern.so.0 ]] ||
	fail "the library's SONAME is not liblectern.so.0"
headers=$(cd "$prefix/include" && find . -name '*.h' | sort | tr '\n' ' ')
[[ $headers == "./lectern/client.h ./lectern/error.h ./lectern/version.h ./lectern/watch.h " ]] ||
	fail "installed headers: $headers"
[[ $(pkg-config --modversion lectern) == 0.1.0 ]] || fail "lectern.pc has another version"

read -ra cflags <<<"$(pkg-config --cflags lectern)"
read -ra libs <<<"$(pkg-config --libs lectern)"
"$compiler" -std=c99 "${flags[@]}" "${cflags[@]}" "$example/consumer.c" -o "$work/with_pkg_config" \
	"${libs[@]}"
check_output "$work/with_pkg_config" "pkg-config, C"
# Of the same family: c++ may be clang's where the library was built by gcc, and sanitizers do not mix.
cxx=g++
[[ $compiler != *clang* ]] || cxx=clang++
cxx=$(command -v "$cxx") || cxx=
if [[ -n $cxx ]]; then
	"$cxx" -x c++ -std=c++11 "${flags[@]}" "${cflags[@]}" "$example/consumer.c" -x none \
		-o "$work/with_pkg_config_cxx" "${libs[@]}"
	check_output "$work/with_pkg_config_cxx" "pkg-config, C++"
fi

cmake -G Ninja -S "$example" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
	-DCMAKE_C_COMPILER="$compiler" -DCMAKE_CXX_COMPILER="${cxx:-NOTFOUND}" -DCMAKE_C_FLAGS="${flags[*]}" -DCMAKE_CXX_FLAGS="${flags[*]}" >"$work/cmake.log" 2>&1 ||
	fail "find_package: $(cat "$work/cmake.log")"
cmake --build "$work/cmake" >"$work/cmake.log" 2>&1 || fail "build: $(cat "$work/cmake.log")"
check_output "$work/cmake/consumer_c" "find_package, C"
[[ ! -x $work/cmake/consumer_cpp ]] || check_output "$work/cmake/consumer_cpp" "find_package, C++"
