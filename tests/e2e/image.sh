# The image of the Dockerfile, built and entered without a container engine; sourced after
# deploy/steps.sh and container_root.sh by tests that have $work and have called need_roots.
# shellcheck shell=bash

export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
image=lectern:test
buildah=(buildah --storage-driver vfs --root "$cache/images" --runroot "${work:?}/run")
container=
root=
image_env=()
# shellcheck disable=SC2034 # for the sourcing script
image_command=()

# use_images: one test at a time; the cache starts afresh when layers of former builds take 8 GiB.
use_images() {
	exec 8>"$cache/images.lock"
	flock -w "${1:-300}" 8 || skip "another run is using $cache/images"
	if [ "$(du -sm "$cache/images" 2>/dev/null | cut -f 1 || true)" -gt 8192 ] 2>/dev/null; then
		rm -rf "$cache/images"
	fi
}

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

# image_config FILTER: jq on what the image says of itself.
image_config() {
	"${buildah[@]}" inspect --type image "$image" | jq -r ".Docker.config | $1"
}

# build_image: sets $root, $image_env and $image_command.
build_image() {
	make_base_image
	use_proxy_of_apt
	"${buildah[@]}" bud -q --pull-never --layers --format docker -t "$image" . \
		>"$work/build.log" 2>&1 || {
		tail -n 40 "$work/build.log"
		die "buildah bud failed"
	}
	container=$("${buildah[@]}" from --pull-never "$image")
	root=$("${buildah[@]}" mount "$container")
	echo '127.0.0.1 localhost' >"$root/etc/hosts" # as container engines do
	mapfile -t image_env < <(image_config '.Env[]')
	# shellcheck disable=SC2034
	mapfile -t image_command < <(image_config '.Entrypoint[], (.Cmd // [])[]')
}

remove_container() {
	[ -z "$container" ] || "${buildah[@]}" rm "$container" >/dev/null 2>&1 || true
}

container_env=()               # NAME=VALUE, beside the image's
container_binds=()             # FROM:TO or FROM:TO:ro, folders that the image has
container_user=65532:65532     # UID:GID
container_network=own          # or "shared", with the script

# in_container DATA COMMAND...: a command in a container of its own: read-only root, DATA as /data, a
# network that is its own loopback, a user without any capability and without any way to one.
in_container() {
	local data=$1 unshare=(unshare -m)
	shift
	[ "$container_network" = shared ] || unshare+=(-n)
	# shellcheck disable=SC2016 # for the shell inside
	exec "${unshare[@]}" bash -euc '
		root=$1 data=$2 user=$3 network=$4 binds=$5 count=$6
		shift 6
		[ "$network" = shared ] || ip link set lo up
		mount --bind "$root" "$root"
		mount --bind "$data" "$root/data"
		for bind in "${@:1:binds}"; do
			IFS=: read -r from to options <<<"$bind"
			mount --bind "$from" "$root$to"
			[ "$options" != ro ] || mount -o remount,bind,ro "$root$to"
		done
		shift "$binds"
		mount -o remount,bind,ro "$root"
		exec env -i "${@:1:count}" "$(command -v capsh)" --no-new-privs --chroot="$root" \
			--drop=all --gid="${user#*:}" --groups= --uid="${user%:*}" \
			--shell="${*:count + 1:1}" -- "${@:count + 2}"
	' in_container "$root" "$data" "$container_user" "$container_network" \
		"${#container_binds[@]}" "$((${#image_env[@]} + ${#container_env[@]}))" \
		"${container_binds[@]}" "${image_env[@]}" "${container_env[@]}" "$@"
}

# exec_in PID COMMAND...: as `docker exec` does, with the image's variables and $exec_env.
exec_in() {
	local pid=$1
	shift
	env -i "${image_env[@]}" "${exec_env[@]}" "$(command -v nsenter)" -t "$pid" -m -n -r -w \
		-S 65532 -G 65532 "$@"
}
exec_env=()

# print_sizes: one line a file, the time zones as one; then the sum, which may not exceed MAX bytes.
print_sizes() {
	local max=$1 sum
	echo "image, bytes of each file:"
	(cd "$root" && find . -path ./data -prune -o -type f -printf '%i %s %P\n') | sort -u -k 1,1 |
		sed 's|usr/share/zoneinfo/.*|usr/share/zoneinfo (time zones)|' |
		awk '{ size = $2; $1 = $2 = ""; sizes[$0] += size; sum += size }
			END { for (name in sizes) printf "%9d %s\n", sizes[name], name
				printf "%9d  all\n", sum }' | sort -rn | tee "$work/sizes"
	sum=$(awk '$2 == "all" { print $1 }' "$work/sizes")
	[ "$sum" -le "$max" ] || die "the image has $sum bytes, more than $max"
}
