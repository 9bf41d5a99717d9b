# Python with pynng and protobuf; sourced by contract.sh.
# shellcheck shell=bash disable=SC2034,SC2154
over=nng
unanswered=1

prepare() {
	command -v python3 >/dev/null || {
		echo "skipped: needs python3"
		exit 77
	}
	if ! cmp -s tests/interop/python/requirements.txt "$prepared/installed"; then
		rm -rf "$prepared/venv"
		python3 -m venv "$prepared/venv" >"$prepared/log" 2>&1 &&
			"$prepared/venv/bin/pip" install -q --disable-pip-version-check \
				-r tests/interop/python/requirements.txt >>"$prepared/log" 2>&1 || {
			echo "skipped: no venv with the packages of tests/interop/python/requirements.txt: $(tail -n 1 "$prepared/log")"
			exit 77
		}
		cp tests/interop/python/requirements.txt "$prepared/installed"
	fi
	rm -rf "$prepared/generated"
	mkdir "$prepared/generated"
	(cd proto && find . -name '*.proto' -printf '%P\0' |
		xargs -0 "$prepared/venv/bin/python" -m grpc_tools.protoc -I . --python_out="$prepared/generated")
	export PYTHONPATH=$prepared/generated:$PWD/tests/interop/python PYTHONDONTWRITEBYTECODE=1
}

contract() {
	"$prepared/venv/bin/python" tests/interop/python/contract.py "$1"
}

example() {
	shows_titles "$prepared/venv/bin/python" tests/interop/python/archive.py
}
