# C with liblectern; sourced by contract.sh.
# shellcheck shell=bash disable=SC2034,SC2154
over=nng

prepare() {
	for tool in "$build/tests/interop_call" jq; do
		command -v "$tool" >/dev/null || {
			echo "skipped: needs $tool"
			exit 77
		}
	done
}

contract() {
	. tests/interop/shell/rows.sh
	ask() {
		local format=json
		printf '%s' "$request" >"$prepared/request"
		if [ "$payload" != none ]; then
			format=encoded
			base64 -d <<<"$payload" >"$prepared/request"
		fi
		"$build/tests/interop_call" "$method" "$format" "$prepared/request" "${milliseconds:-0}" "${revision:-0}" \
			"$with_token" >"$prepared/outcome"
	}
	rows "$1" c
}

# README.md's program is compiled by other tests.
example() {
	:
}
