#!/usr/bin/env bash
# Builds the image of the Dockerfile without a container engine and uses it as one would: as its
# user, on a read-only root, through its health check, over a kill.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
. deploy/steps.sh
. tests/e2e/container_root.sh
need_roots buildah jq
export BUILDAH_ISOLATION=chroot
work=$(mktemp -d "${TMPDIR:-/tmp}/lectern-container.XXXXXX")
server=
container=
buildah=(buildah --storage-driver vfs --root "$cache/images" --runroot "$work/run")
exec 8>"$cache/images.lock"
flock -n 8 || skip "another run is using $cache/images"

clean_up() {
	[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
	[ -z "$container" ] || "${buildah[@]}" rm "$container" >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap clean_up EXIT

# Layers of former builds add up; the cache starts afresh when they take more than 8 GiB.
if [ "$(du -sm "$cache/images" 2>/dev/null | cut -f 1 || true)" -gt 8192 ] 2>/dev/null; then
	rm -rf "$cache/images"
fi

# What the Dockerfile calls debian:trixie-slim, from a root of our own.
make_base_image() {
	local name=docker.io/library/debian:trixie-slim base id
	if "${buildah[@]}" inspect --type image "$name" >/dev/null 2>&1; then
		return
	fi
	base=$(debian_base trixie) || skip "could not make a Debian 13 root; is the mirror reachable?"
	id=$("${buildah[@]}" from scratch)
	"${buildah[@]}" add -q "$id" "$base" / >/dev/null
	"${buildah[@]}" commit -q "$id" "$name" >/dev/null
	"${buildah[@]}" rm "$id" >/dev/null
}

# start: runs the image's own command, but on any free port, on a read-only root, and waits.
start() {
	mapfile -t command < <("${buildah[@]}" inspect --type image lectern:test |
		jq -r '.Docker.config | .Entrypoint[], .Cmd[]' | sed 's/:7400$/:0/')
	: >"$work/log"
	unshare -m bash -euc '
		root=$1 data=$2
		shift 2
		mount --bind "$root" "$root"
		mount --bind "$data" "$root/data"
		mount -o remount,bind,ro "$root"
		exec chroot --userspec=65532:65532 "$root" "$@"
	' container "$root" "$work/data" "${command[@]}" >"$work/log" 2>&1 </dev/null &
	server=$!
	if ! address=$(wait_for_ready "$server" "$work/log"); then
		cat "$work/log"
		die "the image's lecternd did not become ready"
	fi
	port=${address##*:}
}

# lectern ARGUMENT...: the image's client, in its root, as its user.
lectern() {
	LECTERN_SERVER="tcp://127.0.0.1:$port" chroot --userspec=65532:65532 "$root" \
		/usr/bin/lectern "$@"
}

list_root() {
	(cd "$root" && find . -path ./data -prune -o -printf '%p %s %T@ %m %U\n' | sort)
}

make_base_image
"${buildah[@]}" bud -q --pull-never --layers --format docker -t lectern:test . >"$work/build.log" 2>&1 || {
	tail -n 40 "$work/build.log"
	die "buildah bud failed"
}
container=$("${buildah[@]}" from --pull-never lectern:test)
root=$("${buildah[@]}" mount "$container")
echo "image: $(du -sm "$root" | cut -f 1) MB, $(find "$root" -type f | wc -l) files"
[ ! -e "$root/bin/sh" ] && [ ! -e "$root/usr/bin/sh" ] || die "there is a shell in the image"
user=$("${buildah[@]}" inspect --type image lectern:test | jq -r .Docker.config.User)
[ "$user" = 65532:65532 ] || die "the image's user is $user"

mkdir "$work/data"
chown 65532:65532 "$work/data"
list_root >"$work/before"
start
cat deploy/sample/*.jsonl | lectern import jsonl -
count=$(lectern -o json info | jq -r .postCount)
[ "$count" -gt 0 ] || die "nothing was imported"
lectern archive dates --time-zone Asia/Tokyo >/dev/null

mapfile -t health < <("${buildah[@]}" inspect --type image lectern:test |
	jq -r '.Docker.config.Healthcheck.Test[1:][]')
LECTERN_SERVER="tcp://127.0.0.1:$port" chroot --userspec=65532:65532 "$root" "${health[@]}"

kill -9 "$server"
wait "$server" 2>/dev/null || true
status=0
LECTERN_SERVER="tcp://127.0.0.1:$port" chroot --userspec=65532:65532 "$root" "${health[@]}" \
	>"$work/health" 2>&1 || status=$?
[ "$status" -ne 0 ] || die "the health check passes without a server"

start
after=$(lectern -o json info | jq -r .postCount)
[ "$after" = "$count" ] || die "$count posts before the kill, $after after it"
kill -TERM "$server"
status=0
wait "$server" || status=$?
server=
[ "$status" -eq 0 ] || die "lecternd ended with status $status"
list_root | diff "$work/before" - || die "something was written outside /data"
find "$work/data" -type f -printf 'kept: %f %k KiB\n'
