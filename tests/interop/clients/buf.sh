# `buf curl` over HTTP; sourced by contract.sh.
# shellcheck shell=bash disable=SC2034,SC2154
over=http

prepare() {
	for tool in node npm jq; do
		command -v "$tool" >/dev/null || {
			echo "skipped: needs $tool"
			exit 77
		}
	done
	install_npm tests/interop/buf/package.json
	export PATH="$prepared/node_modules/.bin:$PATH"
	buf build proto -o "$prepared/schema.binpb"
}

contract() {
	. tests/interop/shell/rows.sh
	. tests/interop/shell/buf.sh
	rows "$1" buf
}

example() {
	:
}
