# curl over HTTP; sourced by contract.sh.
# shellcheck shell=bash disable=SC2034,SC2154
over=http

prepare() {
	for tool in curl jq protoc; do
		command -v "$tool" >/dev/null || {
			echo "skipped: needs $tool"
			exit 77
		}
	done
}

contract() {
	local failed=0
	. tests/interop/shell/rows.sh
	. tests/interop/shell/curl.sh
	ask() { ask_json; }
	rows "$1" curl-json || failed=1
	ask() { ask_encoded; }
	if grep '"payload"' "$1" >"$prepared/payloads"; then
		rows "$prepared/payloads" curl-encoded || failed=1
		encoded_both_ways || failed=1
	fi
	return "$failed"
}

example() {
	shows_titles bash tests/interop/shell/archive.sh
}
