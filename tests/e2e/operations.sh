#!/usr/bin/env bash
# What docs/operations.md tells an operator to type, from nothing to a served archive, works as it
# stands there. Containers are those of image.sh, in a network of the test's own.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
. deploy/steps.sh
. tests/e2e/container_root.sh
need_roots buildah jq capsh nsenter ip curl openssl
work=$(mktemp -d "${TMPDIR:-/tmp}/lectern-operations.XXXXXX")
. tests/e2e/image.sh
clean_up() {
	local pid
	while read -r pid; do
		kill -9 "$pid" 2>/dev/null || true
	done < <(cat "$work/pids" 2>/dev/null)
	remove_container
	rm -rf "$work"
}
trap clean_up EXIT
section='## From nothing to a served archive'

use_images
build_image
mkdir -p "$work/clone" "$work/containers" "$root/served" "$root/client"
cp -r deploy "$work/clone"
{
	echo 'set -euo pipefail'
	echo ". $(printf %q "$PWD")/deploy/steps.sh"
	declare -p root work image_env image_command
	declare -f in_container exec_in
	echo 'exec_env=()'
	echo ". $(printf %q "$PWD")/tests/e2e/engine.sh"
	echo "cd $(printf %q "$work/clone")"
	echo 'ip link set lo up'
	awk -v section="$section" '
		/^## / { inside = $0 == section }
		/^```/ && !fenced { fenced = 1; wanted = inside && $0 == "```sh"; next }
		/^```/ { fenced = 0; wanted = 0 }
		wanted' docs/operations.md
	echo 'docker stop lectern'
} >"$work/script"
unshare -n bash "$work/script" >"$work/output" 2>"$work/error" </dev/null || {
	tail -n 20 "$work/output" "$work/error"
	die "what stands under \"$section\" does not work"
}
# expect TEXT: in the output.
expect() {
	grep -qE -- "$1" "$work/output" || {
		cat "$work/output" "$work/error"
		die "no \"$1\" in the output of \"$section\""
	}
}
expect '^SERVING$'
expect '^35 created, 0 updated, 0 unchanged, 0 refused$'
expect 'Tag: Databases'
expect '^Slugs change, links must not$'
expect '^ended with 71$'
expect '^unauthenticated$'
expect '^lectern_posts'
expect '"msg":"ready"'
expect 'first\.mdb'
[ -s "$work/clone/served/first.mdb" ] || die "no backup was copied"
say "docs/operations.md, \"$section\": works as it stands there"
