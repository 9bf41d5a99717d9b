#!/usr/bin/env bash
# TLS on the sockets of calls and of changes: who is let in, what is said to whoever is not, and that
# clients which do not keep to the protocol take nothing from the others.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH" LC_ALL=C.UTF-8
for variable in $(env | sed -n 's/^\(LECTERND\?_[A-Z_]*TLS[A-Z_]*\)=.*/\1/p'); do unset "$variable"; done
certificates=$work/certificates
mkdir "$certificates"
bash tests/support/certificates.sh "$certificates"
cd "$certificates"
# By name on both sides: which address comes first is the machine's choice, and nng tries one.
anywhere=tls+tcp://localhost:0

# serve NAME CERTIFICATE [OPTION...]: a server with that certificate. $port is its port, LECTERN_SERVER its
# address by name.
serve() {
	start "$1" "$anywhere" --tls-cert "$2.crt" --tls-key "$2.key" "${@:3}"
	port=$(listens address "$1")
	LECTERN_SERVER=tls+tcp://localhost:$port
}

# listens FIELD NAME: the port in that field of what a server said when it was ready.
listens() {
	sed -n "s/.*\"$1\":\"[^\"]*:\([0-9]*\)\".*/\1/p" "$work/$2.log"
}

# refused TEXT COMMAND...: fails, and the error has the text.
refused() {
	local text=$1
	shift
	if "$@" >"$work/out" 2>"$work/error"; then
		die "$*: went through"
	fi
	grep -qF -- "$text" "$work/error" || {
		cat "$work/error"
		die "$*: does not say \"$text\""
	}
}

# descriptors: of the server that was started last.
descriptors() {
	find "/proc/${servers[-1]}/fd" -mindepth 1 | wc -l
}

# few WHAT: the descriptors come down to a few more than $idle again.
few() {
	local tries=0
	while [ "$(descriptors)" -gt $((idle + 8)) ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 60 ] || die "$1: $(descriptors) descriptors stay open, there were $idle"
		sleep 0.5
	done
}

# Files that cannot be used: the server does not start and says why.
lecternd_with() {
	timeout 20 lecternd --data "$work/none" --listen "$anywhere" --tls-cert "$1" --tls-key "$2" "${@:3}"
}
refused 'nowhere.crt: there is no such file' lecternd_with nowhere.crt server.key
refused 'client.key: is not the key of the first certificate in server.crt' lecternd_with server.crt client.key
refused 'encrypted.key: the key has a pass phrase' lecternd_with server.crt encrypted.key
refused 'garbage.pem: holds no certificate' lecternd_with server.crt server.key --tls-client-ca garbage.pem

# One that is trusted, by a name that it has; and one through an intermediate authority.
serve chain server-chain
lectern --tls-ca ca.crt health >/dev/null
stop
serve plain server --publish "$anywhere"
idle=$(descriptors)
feed=tls+tcp://localhost:$(listens publish plain)
lectern --tls-ca ca.crt post create --title 'Over TLS' >/dev/null
LECTERN_TLS_CA=ca.crt lectern post get over-tls >/dev/null
lectern --tls-ca ca.crt watch --feed "$feed" --since 0 --count 2 >"$work/changes" &
watcher=$!
lectern --tls-ca ca.crt post create --title 'Later' >/dev/null
wait "$watcher" || die "the watch ended with $?"
[ "$(grep -c . "$work/changes")" -ge 2 ] || die 'the watch has not shown both changes'

# What clients are told.
refused 'the server'\''s certificate is not trusted' lectern --tls-ca other-ca.crt health
refused 'TLS_FAILED' lectern --tls-ca other-ca.crt health
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
	refused 'the server'\''s certificate is not trusted' lectern health
else
	refused 'The system has no bundle of authorities' lectern health
fi
refused 'nowhere: there is no such file' lectern --tls-ca nowhere health
refused 'client.crt: a certificate without its key' lectern --tls-ca ca.crt --tls-cert client.crt health
refused 'a port with TLS wants tls+tcp://' lectern --server "tcp://localhost:$port" health

# Old versions of TLS. (The security level lets openssl try at all.)
for version in -tls1 -tls1_1; do
	if openssl s_client -connect "localhost:$port" "$version" -cipher 'ALL:@SECLEVEL=0' \
		</dev/null >"$work/out" 2>&1; then
		die "a handshake with $version went through"
	fi
done
openssl s_client -connect "localhost:$port" -tls1_2 -CAfile ca.crt -verify_return_error \
	</dev/null >"$work/out" 2>&1 || die 'no handshake with TLS 1.2'
for cipher in NULL RC4 3DES EXPORT DES aNULL; do
	if openssl s_client -connect "localhost:$port" -tls1_2 -cipher "$cipher:@SECLEVEL=0" \
		</dev/null >"$work/out" 2>&1; then
		die "a handshake with $cipher went through"
	fi
done

# A renewed certificate, for connections from then on: nng has the next one ready with the old one. A
# watch goes on over its own.
cp server.crt renewed.crt
cp server.key renewed.key
stop
serve renewed renewed
cp server-wrong.crt renewed.crt
refused_after_renewal() {
	kill -HUP "${servers[-1]}"
	timeout 20 grep -q -m1 "$1" < <(tail -n +1 -f "$work/renewed.log") || die "no line \"$1\""
}
refused_after_renewal 'TLS files are left as they were'
lectern --tls-ca ca.crt health >/dev/null
cp server-wrong.key renewed.key
refused_after_renewal 'TLS files read again'
lectern --tls-ca ca.crt health >/dev/null 2>&1 || true
refused "the server's certificate is not made out to 'localhost'" lectern --tls-ca ca.crt health
stop

# Certificates that no client may accept. The server starts all the same.
serve expired server-expired
grep -q 'the certificate has expired.*2025-01-01' "$work/expired.log" || die 'no warning of an expired certificate'
refused 'the server'\''s certificate has expired' lectern --tls-ca ca.crt health
stop
serve wrong server-wrong
refused "the server's certificate is not made out to 'localhost'" lectern --tls-ca ca.crt health
stop
serve good server
good=$LECTERN_SERVER
serve other server-other --publish "$anywhere"
refused 'the server'\''s certificate is not trusted' lectern --tls-ca ca.crt health
refused 'the server'\''s certificate is not trusted' \
	timeout 20 lectern --tls-ca ca.crt --server "$good" watch --feed "tls+tcp://localhost:$(listens publish other)"
stop
stop

# Mutual TLS, on both sockets.
serve mutual server --tls-client-ca ca.crt --publish "$anywhere"
feed=tls+tcp://localhost:$(listens publish mutual)
lectern --tls-ca ca.crt --tls-cert client.crt --tls-key client.key post create --title Mutual >/dev/null
LECTERN_TLS_CA=ca.crt LECTERN_TLS_CERT=client.crt LECTERN_TLS_KEY=client.key lectern post get mutual >/dev/null
lectern --tls-ca ca.crt --tls-cert client.crt --tls-key client.key watch --feed "$feed" --since 0 --count 1 >/dev/null
refused 'it may ask for a client certificate' lectern --tls-ca ca.crt health
for wrong in client-other client-expired client-server; do
	refused 'it may not trust the client certificate' \
		lectern --tls-ca ca.crt --tls-cert $wrong.crt --tls-key $wrong.key health
done
lectern --tls-ca ca.crt --tls-cert client-revoked.crt --tls-key client-revoked.key health >/dev/null
stop
serve list server --tls-client-ca ca-list.crt
lectern --tls-ca ca.crt --tls-cert client.crt --tls-key client.key health >/dev/null
refused 'it may not trust the client certificate' \
	lectern --tls-ca ca.crt --tls-cert client-revoked.crt --tls-key client-revoked.key health
stop

# A server without TLS.
start without tcp://127.0.0.1:0
port=$(listens address without)
refused 'does not speak TLS on this port' lectern --server "tls+tcp://localhost:$port" --tls-ca ca.crt health
stop
