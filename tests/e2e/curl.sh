#!/usr/bin/env bash
# Calls over HTTP with curl: Connect's unary protocol in both encodings, by POST and GET, its errors;
# caches, compression, other origins, pages about the server, tokens.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
export PATH="${LECTERN_BIN:-$PWD/build/dev/bin}:$PATH"
. deploy/steps.sh
for tool in curl jq gzip; do
	command -v "$tool" >/dev/null || {
		echo "skipped: needs $tool"
		exit 77
	}
done
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'kill_servers; rm -rf "$work"' EXIT
unset http_proxy https_proxy all_proxy

# ask STATUS ARGUMENT...: curl's arguments; the head to $work/head, the body to $work/body.
ask() {
	local want=$1 got
	shift
	# curl makes no file where there is no body
	: >"$work/body"
	got=$(curl -sS --max-time 20 -D "$work/head" -o "$work/body" -w '%{http_code}' "$@") ||
		die "curl failed: $*"
	[ "$got" = "$want" ] || {
		head -c 500 "$work/body"
		die "status $got, not $want: $*"
	}
}

# header NAME [VALUE]: the value that the reply has, "" for none.
header() {
	local got
	got=$(tr -d '\r' <"$work/head" | sed -n "s/^$1: //Ip" | tail -n 1)
	[ "$#" -eq 1 ] && printf '%s\n' "$got" && return
	[ "$got" = "$2" ] || die "$1 is '$got', not '$2'"
}

# body FILTER VALUE: what jq finds in the body.
body() {
	local got
	got=$(jq -r "$1" "$work/body") || die "the body is no JSON"
	[ "$got" = "$2" ] || die "$1 is '$got', not '$2'"
}

export LECTERND_HTTP=127.0.0.1:0 LECTERND_HTTP_CORS_ORIGIN=https://a.example
start one
lectern import jsonl deploy/sample/*.jsonl >/dev/null
url=$(http_of one)
v1=$url/lectern.v1
json=(-H 'Content-Type: application/json')

say "every method, in both encodings"
ask 200 "${json[@]}" -d '{"slug":"writing"}' "$v1.TagService/GetTag"
body .tag.slug writing
[ "$(header lectern-revision)" -gt 0 ]
header content-type application/json
ask 200 -H 'Content-Type: application/proto' --data-binary $'\x12\x07writing' "$v1.TagService/GetTag"
header content-type application/proto
grep -aq writing "$work/body" || die "no tag in the encoded response"
ask 200 -H "${json[1]}; charset=utf-8" -d '{"tag":{"name":"New"}}' "$v1.TagService/CreateTag"
body .tag.slug new

say "GET where a method only reads"
ask 200 -G --data-urlencode 'message={"slug":"writing"}' -d connect=v1 -d encoding=json "$v1.TagService/GetTag"
body .tag.slug writing
cp "$work/body" "$work/by_get"
for base64 in eyJzbHVnIjoid3JpdGluZyJ9 eyJzbHVnIjoid3JpdGluZyJ9=; do
	ask 200 "$v1.TagService/GetTag?base64=1&message=$base64&encoding=json&connect=v1"
	same "base64" "$work/by_get" "$work/body"
done
ask 200 "$v1.TagService/GetTag?encoding=proto&base64=1&message=Egd3cml0aW5n"
header content-type application/proto
ask 200 "$v1.TagService/GetTag?encoding=proto&message=%12%07writing"
packed=$(printf '{"slug":"writing"}' | gzip -c | base64 -w0 | tr '+/' '-_')
ask 200 "$v1.TagService/GetTag?encoding=json&base64=1&compression=gzip&message=$packed"
same "compressed" "$work/by_get" "$work/body"
ask 405 "$v1.TagService/CreateTag?encoding=json"
header allow 'POST, OPTIONS'
ask 405 -X PUT "$v1.TagService/GetTag"
header allow 'GET, HEAD, POST, OPTIONS'
for wrong in 'connect=v2&encoding=json' 'encoding=json&base64=2' 'encoding=json&base64=1&message=!' \
	'encoding=json&message=%7' 'encoding=json&message=a&message=b' 'encoding=json&message=[' \
	'encoding=json&message=%00'; do
	ask 400 -g "$v1.TagService/GetTag?$wrong"
	body .code invalid_argument
done
ask 415 "$v1.TagService/GetTag?encoding=xml"

say "errors"
ask 404 "${json[@]}" -d '{"slug":"nobody-has-it"}' "$v1.TagService/GetTag"
body .code not_found
body '.details[0].type' google.rpc.ErrorInfo
body '.details[0].debug.domain' lectern
jq -r '.details[0].value' "$work/body" | grep -q '[^=]$' || die "the details are padded"
ask 400 "${json[@]}" -d '{"slog":"x"}' "$v1.TagService/GetTag"
body .code invalid_argument
ask 409 "${json[@]}" -d '{"tag":{"name":"New","slug":"new"}}' "$v1.TagService/CreateTag"
body .code already_exists
ask 415 -H 'Content-Type: text/plain' -d '{}' "$v1.TagService/GetTag"
header accept-post 'application/json, application/proto'
ask 404 "${json[@]}" -d '{}' "$v1.TagService/GetTog"
body .code unimplemented
ask 404 "$url/nothing/here"
body .code not_found
ask 400 "${json[@]}" -H 'Connect-Protocol-Version: 2' -d '{}' "$v1.TagService/GetTag"
ask 200 "${json[@]}" -H 'Connect-Protocol-Version: 1' -H 'Connect-Timeout-Ms: 5000' -d '{"slug":"new"}' "$v1.TagService/GetTag"
ask 400 "${json[@]}" -H 'Connect-Timeout-Ms: 12345678901' -d '{}' "$v1.TagService/GetTag"
ask 504 "${json[@]}" -H 'Connect-Timeout-Ms: 0' -d '{}' "$v1.TagService/GetTag"
ask 503 "${json[@]}" -H 'Lectern-Min-Revision: 1000000' -d '{"slug":"new"}' "$v1.TagService/GetTag"
body .code unavailable
header retry-after 1

say "compressed requests, and bombs"
printf '{"slug":"new"}' | gzip -c >"$work/request.gz"
ask 200 "${json[@]}" -H 'Content-Encoding: gzip' --data-binary "@$work/request.gz" "$v1.TagService/GetTag"
body .tag.slug new
ask 501 "${json[@]}" -H 'Content-Encoding: br' -d '{}' "$v1.TagService/GetTag"
body .code unimplemented
ask 400 "${json[@]}" -H 'Content-Encoding: gzip' -d 'no gzip' "$v1.TagService/GetTag"
head -c 100000000 /dev/zero | gzip -c >"$work/bomb.gz"
ask 400 "${json[@]}" -H 'Content-Encoding: gzip' --data-binary "@$work/bomb.gz" "$v1.TagService/GetTag"
body '.details[0].debug.reason' REQUEST_TOO_LARGE

say "caches and compression"
list="$v1.PostService/ListPosts?encoding=json&message=%7B%7D"
ask 200 "$list"
etag=$(header etag)
header cache-control 'public, no-cache'
header vary 'Accept-Encoding, Authorization, Origin'
cp "$work/body" "$work/plain"
ask 200 "$list"
header etag "$etag"
ask 200 -H 'Accept-Encoding: gzip' "$list"
header content-encoding gzip
gzip -dc <"$work/body" | cmp - "$work/plain" || die "the compressed reply is another one"
[ "$(header etag)" != "$etag" ] || die "both encodings have one ETag"
packed_etag=$(header etag)
for accepted in 'gzip;q=0' 'identity, gzip;q=0.5' br ''; do
	ask 200 -H "Accept-Encoding: $accepted" "$list"
	header content-encoding ''
done
for known in "$etag" "W/$etag" '*' "\"a\", $etag" "\"b\" , W/$etag,\"c\""; do
	ask 304 -H "If-None-Match: $known" "$list"
	header etag "$etag"
	[ ! -s "$work/body" ] || die "304 has a body"
done
ask 304 -H "If-None-Match: $packed_etag" -H 'Accept-Encoding: gzip' "$list"
ask 200 -H "If-None-Match: $packed_etag" "$list"
ask 200 -H 'If-None-Match: "a"' "$list"
ask 200 -I -H 'Accept-Encoding: gzip' "$list"
header etag "$packed_etag"
ask 200 -I "$list"
header etag "$etag"
header content-length "$(stat -c %s "$work/plain")"
lectern call PostService/UpdatePost \
	"{\"post\":{\"id\":\"$(jq -r '.posts[0].id' "$work/plain")\",\"title\":\"Another title\"},\"updateMask\":\"title\"}" \
	>/dev/null
ask 200 -H "If-None-Match: $etag" "$list"

say "other origins"
ask 200 -H 'Origin: https://a.example' "$list"
header access-control-allow-origin https://a.example
ask 200 -H 'Origin: https://b.example' "$list"
header access-control-allow-origin ''
ask 204 -X OPTIONS -H 'Origin: https://a.example' -H 'Access-Control-Request-Method: POST' "$v1.TagService/GetTag"
header access-control-allow-methods 'GET, HEAD, POST'
header access-control-allow-credentials ''
ask 204 -X OPTIONS -H 'Origin: https://b.example' -H 'Access-Control-Request-Method: POST' "$v1.TagService/GetTag"
header access-control-allow-origin ''

say "about the server"
for page in / /livez /readyz; do
	ask 200 "$url$page"
done
ask 405 -X POST "$url/livez"
ask 200 "$v1.AdminService/GetServerInfo"
body '.addresses[-1]' "$url"
stop

say "tokens"
unset LECTERND_HTTP_CORS_ORIGIN
token=$(lectern token create reader --scope read --tokens "$work/tokens" 2>/dev/null)
export LECTERND_HTTP_MAX_AGE=60s
LECTERND_TOKENS=$work/tokens start two
url=$(http_of two)
v1=$url/lectern.v1
ask 401 "$v1.PostService/ListPosts"
body .code unauthenticated
header www-authenticate 'Bearer realm="lectern"'
ask 200 -H "Authorization: Bearer $token" "$v1.PostService/ListPosts"
header cache-control 'private, max-age=60'
ask 403 "${json[@]}" -H "Authorization: Bearer $token" -d '{"tag":{"name":"x"}}' "$v1.TagService/CreateTag"
ask 200 "$url/livez"
ask 200 "$url/readyz"
stop
start three
ask 200 "$(http_of three)/lectern.v1.PostService/ListPosts"
header cache-control 'public, max-age=60'
stop

say "TLS"
command -v openssl >/dev/null || {
	say "not tried with TLS: needs openssl"
	exit 0
}
mkdir "$work/tls"
bash tests/support/certificates.sh "$work/tls"
unset LECTERND_HTTP LECTERND_HTTP_MAX_AGE
# secure NAME CERTIFICATE [OPTION...]: a server with that certificate; $url is its address.
secure() {
	start "$1" "ipc://$work/$1.sock" --http https://127.0.0.1:0 --log-calls all --log-format json \
		--tls-cert "$work/tls/$2.crt" --tls-key "$work/tls/$2.key" "${@:3}"
	url=$(http_of "$1")
	url=${url/127.0.0.1/localhost}
}
# refused STATUS ARGUMENT...: what curl ends with where it does not come to a reply.
refused() {
	local want=$1 got=0
	shift
	curl -sS --max-time 20 -o "$work/body" "$@" 2>"$work/error" || got=$?
	[ "$got" = "$want" ] || {
		cat "$work/error"
		die "curl ended with $got, not $want: $*"
	}
}
# has_lines COUNT PATTERN FILE: waits until there are so many.
has_lines() {
	[ "$(timeout 20 grep -c -m "$1" "$2" < <(tail -n +1 -f "$3"))" = "$1" ]
}
ca=(--cacert "$work/tls/ca.crt")
secure tls server
ask 200 "${ca[@]}" "$url/livez"
ask 200 "${ca[@]}" "${json[@]}" -d '{}' "$url/lectern.v1.HealthService/Check"
has_lines 1 '"peer":"https://127.0.0.1:[1-9]' "$work/tls.log" || die "the log does not say who called"
refused 60 --cacert "$work/tls/other-ca.crt" "$url/livez"
refused 35 "${ca[@]}" --tlsv1.0 --tls-max 1.1 --ciphers 'DEFAULT@SECLEVEL=0' "$url/livez"
refused 52 "http://${url#https://}/livez" || true
printf 'no handshake\r\n\r\n' | timeout 20 bash -c "cat >/dev/tcp/127.0.0.1/${url##*:}" || true
ask 200 "${ca[@]}" "$url/livez"
stop
secure expired server-expired
refused 60 "${ca[@]}" "$url/livez"
stop
secure mutual server --tls-client-ca "$work/tls/ca.crt"
ask 403 "${ca[@]}" "$url/"
ask 403 "${ca[@]}" "${json[@]}" -d '{}' "$url/lectern.v1.HealthService/Check"
ask 200 "${ca[@]}" --cert "$work/tls/client.crt" --key "$work/tls/client.key" "$url/"
# as NAME: curl's options for a client's certificate.
as() {
	client=("${ca[@]}" --cert "$work/tls/$1.crt" --key "$work/tls/$1.key")
}
for wrong in client-other client-expired client-server; do
	as "$wrong"
	ask 403 "${client[@]}" "$url/"
done
stop

# Other files at the same paths, for connections from then on: one that is there keeps what it began
# with. What cannot be used changes nothing.
for kind in crt key; do cp "$work/tls/server.$kind" "$work/tls/renewed.$kind"; done
cp "$work/tls/ca.crt" "$work/tls/renewed-ca.crt"
secure renewed renewed --tls-client-ca "$work/tls/renewed-ca.crt"
# renew COUNT LINE: SIGHUP, until the log has so many such lines.
renew() {
	kill -HUP "${servers[-1]}"
	has_lines "$1" "$2" "$work/renewed.log" || die "no line \"$2\""
}
# ask_on_held COUNT: one more request on the connection that is held; so many were answered then.
ask_on_held() {
	printf 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n' >&7
	has_lines "$1" '^HTTP/1.1 200' "$work/answers" ||
		die "no answer on a connection from before the renewal"
}
as client-revoked
ask 200 "${client[@]}" "$url/"
mkfifo "$work/held"
: >"$work/answers"
(cd "$work/tls" && exec openssl s_client -quiet -no_ign_eof -connect "${url#https://}" -CAfile ca.crt \
	-cert client-revoked.crt -key client-revoked.key <"$work/held" >"$work/answers" 2>/dev/null) &
held=$!
exec 7>"$work/held"
ask_on_held 1
cp "$work/tls/server-wrong.crt" "$work/tls/renewed.crt"
renew 1 'TLS files are left as they were'
as client
ask 200 "${client[@]}" "$url/"
cp "$work/tls/server-wrong.key" "$work/tls/renewed.key"
renew 1 'TLS files read again'
refused 60 "${client[@]}" "$url/"
ask_on_held 2
for kind in crt key; do cp "$work/tls/server.$kind" "$work/tls/renewed.$kind"; done
cp "$work/tls/ca-list.crt" "$work/tls/renewed-ca.crt"
renew 2 'TLS files read again'
ask_on_held 3
ask 200 "${client[@]}" "$url/"
as client-revoked
ask 403 "${client[@]}" "$url/"
cp "$work/tls/other-ca.crt" "$work/tls/renewed-ca.crt"
renew 3 'TLS files read again'
ask 403 "${client[@]}" "$url/"
as client-other
ask 200 "${client[@]}" "$url/"
exec 7>&-
wait "$held"
stop
say "calls over HTTP work"
