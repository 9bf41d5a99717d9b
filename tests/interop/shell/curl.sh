# One call of a row by curl; sourced by contract.sh.
# shellcheck shell=bash disable=SC2034,SC2154

# ask_json: the body is the row's request.
ask_json() {
	[ "$request" != '""' ] || return 77
	printf '%s' "$request" >"$prepared/request"
	post application/json || return 1
	[ "$http_status" != 200 ] ||
		jq -c '{code: "OK", reason: "", field: "", response: .}' "$prepared/body" >"$prepared/outcome"
}

# ask_encoded: the body is the row's payload.
ask_encoded() {
	base64 -d <<<"$payload" >"$prepared/request"
	post application/proto || return 1
	[ "$http_status" != 200 ] ||
		echo '{"code": "OK", "reason": "", "field": "", "response": {}}' >"$prepared/outcome"
}

# post TYPE: sends $prepared/request; the reply goes to $prepared/body, of an error also to outcome.
post() {
	local options=(-sS --noproxy '*' --max-time 30)
	[ -z "$milliseconds" ] || options+=(-H "Connect-Timeout-Ms: $milliseconds")
	[ -z "${LECTERN_TLS_CA:-}" ] || options+=(--cacert "$LECTERN_TLS_CA")
	: >"$prepared/body"
	http_status=$(curl "${options[@]}" "${headers[@]}" -H "Content-Type: $1" --data-binary "@$prepared/request" \
		-o "$prepared/body" -w '%{http_code}' "$LECTERN_CONTRACT_HTTP/lectern.v1.$method") || return 1
	[ "$http_status" = 200 ] || jq -c "$failure" "$prepared/body" >"$prepared/outcome"
}

# protoc on both sides of curl.
encoded_both_ways() {
	local method=TagService/GetTag milliseconds='' headers=()
	[ -z "${LECTERN_TOKEN_FILE:-}" ] || headers=(-H "Authorization: Bearer $(head -n 1 "$LECTERN_TOKEN_FILE")")
	printf 'slug: "unicode"' | protoc -I proto --encode=lectern.v1.GetTagRequest lectern/v1/tag.proto \
		>"$prepared/request"
	post application/proto
	protoc -I proto --decode=lectern.v1.GetTagResponse lectern/v1/tag.proto <"$prepared/body" >"$prepared/decoded"
	grep -q 'description: "Text in every script."' "$prepared/decoded" || {
		say "FAILED: curl: a response that protoc decodes: $http_status"
		return 1
	}
	say "ok: curl: encoded and decoded by protoc"
}
