#!/usr/bin/env bash
# The documents name only files, options and error reasons that exist, and all error reasons.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-build/dev/bin}
documents=(README.md CONTRIBUTING.md CHANGELOG.md docs/*.md)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
complain() {
	printf '%s\n' "$*"
	failed=1
}

check_links() {
	local document target
	for document in "${documents[@]}"; do
		while read -r target; do
			case $target in
			http://* | https://* | mailto:* | '#'*) continue ;;
			esac
			[ -e "$(dirname "$document")/${target%%#*}" ] ||
				complain "$document: the link to $target leads nowhere"
		done < <(grep -o ']([^) ]*)' "$document" | sed 's/^](//; s/)$//')
	done
}

# Every reason that the code gives has its row in docs/errors.md, and every row its place in the
# code. A reason is an UPPER_SNAKE literal that is neither a code nor a variable of the environment.
check_reasons() {
	local reason
	{
		grep -ohE '"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+"' src/*/*.c
		cat src/*/*.c | tr '\n\t' '  ' |
			grep -oE 'fail_(reason|field)\( *[^;]{0,80}CODE_[A-Z_]+, *"[A-Z][A-Z0-9_]+"' |
			grep -oE '"[A-Z][A-Z0-9_]+"$'
	} | tr -d '"' | grep -vE '^(LECTERND?_.*|NO_COLOR|NOTIFY_SOCKET|UTF_8|XDG_.*|LC_.*|CODE_OF_CONDUCT)$' |
		grep -vE '_(UNSPECIFIED|TEST)$' | sort -u >"$work/literals"
	sed -n 's/^| \([A-Z_]*\) | [0-9]* |.*/\1/p' docs/errors.md | sort >"$work/codes"
	comm -23 "$work/literals" "$work/codes" >"$work/code"
	sed -n 's/^| `\([A-Z][A-Z0-9_]*\)` |.*/\1/p' docs/errors.md | sort >"$work/listed"
	while read -r reason; do
		complain "docs/errors.md: $reason of the code is not in the table"
	done < <(comm -23 "$work/code" "$work/listed")
	while read -r reason; do
		complain "docs/errors.md: no code gives $reason, or it is listed twice"
	done < <(comm -13 "$work/code" "$work/listed")
}

# Every --option that the documents give to lectern or lecternd is in their help.
check_options() {
	local option
	if [ ! -x "$bin/lectern" ] || [ ! -x "$bin/lecternd" ]; then
		echo "options not checked: no programs in $bin"
		return
	fi
	"$bin/lecternd" --help >"$work/help"
	"$bin/lectern" manual | sed 's/\\-/-/g' >>"$work/help"
	while read -r option; do
		grep -q -- "$option\b" "$work/help" ||
			complain "the documents name $option, which no --help of the programs knows"
	done < <(grep -hE '\blecternd? ' README.md docs/api.md docs/deploying.md docs/operations.md docs/errors.md |
		grep -vE -e '--entrypoint|quickstart|run\.sh|cmake|protoc |nngcat|docker|podman|buildah' |
		grep -oE -- '--[a-z][a-z-]+' | sort -u)
}

check_links
check_reasons
check_options
exit $failed
