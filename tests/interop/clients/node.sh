# Node with Connect's library over HTTP; sourced by contract.sh.
# shellcheck shell=bash disable=SC2034,SC2154
over=http
unanswered=1

prepare() {
	for tool in node npm protoc; do
		command -v "$tool" >/dev/null || {
			echo "skipped: needs $tool"
			exit 77
		}
	done
	[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || {
		echo "skipped: needs Node 20 or later"
		exit 77
	}
	install_npm tests/interop/node/package.json
	cp tests/interop/node/*.js "$prepared/"
	rm -rf "$prepared/gen"
	mkdir "$prepared/gen"
	(cd proto && find . -name '*.proto' -printf '%P\0' | xargs -0 protoc -I . \
		--plugin="$prepared/node_modules/.bin/protoc-gen-es" --es_out="$prepared/gen" --es_opt=target=js,import_extension=js)
}

contract() {
	node "$prepared/contract.js" "$1"
}

example() {
	shows_titles node "$prepared/archive.js"
}
