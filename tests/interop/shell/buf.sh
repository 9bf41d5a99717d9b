# One call of a row by `buf curl`; sourced by contract.sh.
# shellcheck shell=bash disable=SC2034,SC2154

ask() {
	local tls=()
	# It sends what its schema knows, and tells no server how long it waits.
	[ "$payload" = none ] && [ -z "$milliseconds" ] || return 77
	[ -z "${LECTERN_TLS_CA:-}" ] || tls=(--cacert "$LECTERN_TLS_CA")
	if buf curl --protocol connect --schema "$prepared/schema.binpb" "${tls[@]}" "${headers[@]}" -d "$request" \
		"$LECTERN_CONTRACT_HTTP/lectern.v1.$method" >"$prepared/body" 2>"$prepared/error"; then
		jq -c '{code: "OK", reason: "", field: "", response: .}' "$prepared/body" >"$prepared/outcome"
	else
		jq -c "$failure" "$prepared/error" >"$prepared/outcome" || {
			cat "$prepared/error"
			return 1
		}
	fi
}
