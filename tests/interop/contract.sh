#!/usr/bin/env bash
# contract.sh CLIENT [prepare]: the calls of contract.jsonl by a client that is not ours, or nothing but
# what it needs for them; see README.md. With LECTERN_CONTRACT_URL and LECTERN_CONTRACT_HTTP to a server that is there, else to one of its own with
# the sample content: in clear, then with TLS and a token that may read.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
client=${1:?usage: contract.sh c|python|go|node|buf|curl [prepare]}
table=${LECTERN_CONTRACT_TABLE:-$PWD/tests/interop/contract.jsonl}
build=${LECTERN_BUILD:-$PWD/build/dev}
export PATH="${LECTERN_BIN:-$build/bin}:$PATH" LC_ALL=C.UTF-8
. deploy/steps.sh

# shows_titles COMMAND...: the client's example prints the archive that README.md says it prints.
shows_titles() {
	local titles
	titles=$(LECTERN_SERVER=$LECTERN_CONTRACT_URL LECTERN_HTTP=$LECTERN_CONTRACT_HTTP "$@")
	[ "$(wc -l <<<"$titles")" = 10 ] && [ "$(head -n 1 <<<"$titles")" = 'The N+1 query, with a pencil' ] ||
		die "the example prints: $titles"
	say "the example shows an archive"
}

# install_npm PACKAGE_JSON: its packages in $prepared, unless they are there.
install_npm() {
	cmp -s "$1" "$prepared/installed" && return
	cp "$1" "$prepared/package.json"
	(cd "$prepared" && npm install --no-package-lock --no-audit --no-fund --ignore-scripts) \
		>"$prepared/log" 2>&1 || {
		echo "skipped: npm could not install the packages of $1: $(tail -n 3 "$prepared/log" | head -n 1)"
		exit 77
	}
	cp "$1" "$prepared/installed"
}

over=
unanswered=
# shellcheck source=/dev/null
. "tests/interop/clients/$client.sh"

prepared=$build/interop/$client
mkdir -p "$prepared"
seconds=$SECONDS
prepare
say "$client: made ready in $((SECONDS - seconds)) s"
[ "${2:-}" != prepare ] || exit 0

if [ -n "${LECTERN_CONTRACT_URL:-}${LECTERN_CONTRACT_HTTP:-}" ]; then
	contract "$table"
	exit
fi

work=$(mktemp -d)
. tests/e2e/server.sh
trap 'kill_servers; rm -rf "$work"' EXIT
for variable in $(env | sed -n 's/^\(LECTERND\?_[A-Z_]*\(TLS\|TOKEN\|HTTP\)[A-Z_]*\)=.*/\1/p'); do
	unset "$variable"
done
# What is there depends on how lecternd was built.
options=$(lecternd --help)
has() {
	grep -q -- "--$1\b" <<<"$options"
}
if ! has http && [ "$over" = http ]; then
	echo "skipped: this lecternd has no --http"
	exit 77
fi

# serve NAME ADDRESS HTTP [OPTION...]: a server on the data of the one before, and where it is.
serve() {
	local http=()
	! has http || http=(--http "$3")
	start "$1" "$2" --data "$work/data" "${http[@]}" "${@:4}"
	LECTERN_CONTRACT_URL=$(sed -n 's/.*"address":"\([^" ]*\).*/\1/p' "$work/$1.log")
	LECTERN_CONTRACT_HTTP=$(http_of "$1")
	export LECTERN_CONTRACT_URL LECTERN_CONTRACT_HTTP
}

serve plain tcp://127.0.0.1:0 127.0.0.1:0 --log-format json
lectern import jsonl deploy/sample/*.jsonl tests/interop/content.jsonl | tail -n 1
contract "$table"
example

# A server that says nothing: the client's own clock ends the call. Should it have none, the server goes on
# after a while, and its answer is a failure.
if [ -n "$unanswered" ]; then
	silent=${servers[-1]}
	kill -STOP "$silent"
	(sleep 10 && kill -CONT "$silent") &
	servers+=($!)
	status=0
	contract "$PWD/tests/interop/unanswered.jsonl" || status=$?
	kill -CONT "$silent"
	kill "${servers[-1]}" 2>/dev/null || true
	unset 'servers[-1]'
	[ "$status" = 0 ] || die "$client waits for longer than it was told"
fi
stop

if ! has tls-cert || ! has tokens; then
	say "not tried with TLS and a token: this lecternd has no --tls-cert and --tokens"
	exit 0
fi
mkdir "$work/certificates"
bash tests/support/certificates.sh "$work/certificates"
lectern token create reader --scope read --tokens "$work/tokens" >"$work/reader" 2>/dev/null
export LECTERN_TOKEN_FILE=$work/reader LECTERN_TLS_CA=$work/certificates/ca.crt
# with CERTIFICATE: a server that has it, and wants tokens.
with() {
	serve "$1" tls+tcp://127.0.0.1:0 https://127.0.0.1:0 --log-format json --tokens "$work/tokens" \
		--tls-cert "$work/certificates/$1.crt" --tls-key "$work/certificates/$1.key"
	# mbedTLS before 3.5 verifies names alone
	LECTERN_CONTRACT_URL=${LECTERN_CONTRACT_URL/127.0.0.1/localhost}
	LECTERN_CONTRACT_HTTP=${LECTERN_CONTRACT_HTTP/127.0.0.1/localhost}
}

with server
contract "$table"

head -n 1 tests/interop/contract.jsonl >"$work/health.jsonl"
if [ "$over" = nng ]; then # where a connection that is refused is tried again until the time is over
	jq -c '.timeout_ms = 1000' "$work/health.jsonl" >"$work/hurried.jsonl"
	mv "$work/hurried.jsonl" "$work/health.jsonl"
fi
contract "$work/health.jsonl"

# refuses WHAT: no answer of this server is taken.
refuses() {
	! (contract "$work/health.jsonl") >"$work/refused" 2>&1 || die "$client talks to $1"
	say "ok: $client: does not talk to $1"
}
LECTERN_TLS_CA=$work/certificates/other-ca.crt refuses 'a server that it has no authority for'
stop
with server-wrong
refuses 'a server with the certificate of another host'
stop
