# The rows of contract.jsonl for clients that are programs, in bash and jq; sourced by contract.sh.
# shellcheck shell=bash disable=SC2034,SC2154

# What two JSON values differ in: an empty array where the outcome is what the row wants. What stands
# at "posts.0.slug" is null where there is nothing.
# shellcheck disable=SC2016
compare='
	def at($path): reduce ($path | split("."))[] as $step (.;
		if type == "array" then if $step == "length" then length else .[$step | tonumber] end
		elif type == "object" then .[$step] else null end);
	def same($got): if type == "string" and startswith("~")
		then .[1:] as $pattern | ($got | type) == "string" and ($got | test($pattern)) else . == $got end;
	(if $denied then {code: "PERMISSION_DENIED", reason: "SCOPE_INSUFFICIENT"} else {code: "OK"} + $row end) as $want
	| [("code", "reason", "field") as $name | select($want[$name] != null and $want[$name] != $got[$name])
		| "\($name) is \($got[$name]), not \($want[$name])"] as $wrong
	| if ($wrong | length) > 0 or $want.code != "OK" then $wrong[] else
		$row.response | to_entries[] | .key as $path | .value as $value | ($got.response | at($path)) as $found
		| select($value | same($found) | not) | "\($path) is \($found | tojson), not \($value | tojson)"
	end'

# Connect has its codes in lower case and with one letter less, and details that are encoded but for "debug".
# shellcheck disable=SC2016
failure='{
	code: (.code | if . == "canceled" then "CANCELLED" else ascii_upcase end),
	reason: (first(.details[]? | select(.type == "google.rpc.ErrorInfo") | .debug.reason) // ""),
	field: (first(.details[]? | select(.type == "google.rpc.BadRequest") | .debug.fieldViolations[0].field) // ""),
	response: {}
}'

# As assignments of the shell: what of a row its call is made of.
# shellcheck disable=SC2016
parts='@sh "label=\(.label) method=\(.method) request=\(.request // "" | tojson) payload=\(.payload // "none")",
	@sh "milliseconds=\(.timeout_ms // "") revision=\(.min_revision // "") needs=\(.needs // "")",
	@sh "with_token=\(.token != false)"'

# What is wrong, then a line "=", then what the row saves as VARIABLE TAB VALUE.
# shellcheck disable=SC2016
judge='$outcomes[0] as $got | ('"$compare"'), "=",
	($row.save // {} | to_entries[] | .key as $name | (.value / ".") as $path
		| $got.response | getpath($path) | select(. != null) | "\($name)\t\(.)")'

# rows FILE NAME: calls what `ask` calls. It gets the variables of $parts and $headers, arguments of curl
# and of `buf curl`; it writes {code, reason, field, response} to $prepared/outcome and returns 77 for a
# row that its client cannot call.
# shellcheck disable=SC2154 # they are set by eval
rows() {
	local name=$2 row status variable value wrong count=0 failed=0 skipped=0 denied headers
	local label method request payload milliseconds revision needs with_token
	local -A saved=([client]=$2)
	while IFS= read -r row; do
		for variable in "${!saved[@]}"; do
			row=${row//"\${$variable}"/${saved[$variable]}}
		done
		eval "$(jq -r "$parts" <<<"$row")"
		headers=()
		[ -z "$revision" ] || headers+=(-H "Lectern-Min-Revision: $revision")
		if [ -n "${LECTERN_TOKEN_FILE:-}" ] && [ "$with_token" = true ]; then
			headers+=(-H "Authorization: Bearer $(head -n 1 "$LECTERN_TOKEN_FILE")")
		fi
		status=0
		if [ "$needs" = tokens ] && [ -z "${LECTERN_TOKEN_FILE:-}" ]; then
			status=77
		else
			ask || status=$?
		fi
		if [ "$status" = 77 ]; then
			say "skip: $name: $label"
			skipped=$((skipped + 1))
			continue
		fi
		[ "$status" = 0 ] || die "$name: $label: the client ended with status $status"
		count=$((count + 1))
		denied=false
		[ -z "${LECTERN_TOKEN_FILE:-}" ] || [ "$needs" != write ] || denied=true
		jq -r -n --argjson row "$row" --argjson denied "$denied" --slurpfile outcomes "$prepared/outcome" \
			"$judge" >"$prepared/judged" || die "$name: $label: no outcome"
		wrong=$(sed '/^=$/,$d' "$prepared/judged")
		if [ -n "$wrong" ]; then
			failed=$((failed + 1))
			say "FAILED: $name: $label"
			sed 's/^/    /' <<<"$wrong"
		else
			say "ok: $name: $label"
		fi
		while IFS=$'\t' read -r variable value; do
			saved[$variable]=$value
		done < <(sed '0,/^=$/d' "$prepared/judged")
	done <"$1"
	say "$name: $count calls, $failed with another answer, $skipped rows not for this client"
	[ "$failed" = 0 ]
}
