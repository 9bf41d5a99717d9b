# Debian roots for tests that need one, made by debootstrap and kept in a cache; sourced after
# deploy/steps.sh.
# shellcheck shell=bash

cache=${LECTERN_CACHE:-/var/cache/lectern-tests}

skip() {
	echo "skipped: $*"
	exit 77
}

# need_roots COMMAND...: what making and using such a root takes, or the end.
need_roots() {
	local command
	[ "$(id -u)" -eq 0 ] || skip "needs root to make and enter a root of its own"
	for command in debootstrap unshare "$@"; do
		command -v "$command" >/dev/null || skip "needs $command"
	done
	unshare -m true 2>/dev/null || skip "needs a mount namespace of its own (unshare -m)"
	mkdir -p "$cache" || skip "cannot write to $cache"
}

# The mirror that apt of this machine uses for its own release.
mirror() {
	local release
	# shellcheck source=/dev/null
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-none}")
	apt-get indextargets --format '$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)' |
		awk -v release="$release" '$1 == "Packages" && $2 == "main" &&
			($3 == release || $3 == "stable") { print $4; exit }'
}

# The proxy that apt of this machine uses, for the tools that look at the environment.
use_proxy_of_apt() {
	local proxy
	proxy=$(apt-config dump --format '%v%n' Acquire::http::Proxy)
	if [ -n "$proxy" ] && [ "$proxy" != DIRECT ]; then
		export http_proxy=${http_proxy:-$proxy}
	fi
}

# debian_base SUITE: prints the path of a minimal Debian, made once.
debian_base() {
	local suite=$1 root=$cache/$1-base from
	(
		flock 9
		if [ ! -d "$root" ]; then
			from=$(mirror)
			[ -n "$from" ] || exit 1
			use_proxy_of_apt
			rm -rf "$root.new"
			timeout 900 debootstrap --variant=minbase "$suite" "$root.new" "$from" >&2 || exit 1
			rm -rf "$root.new/var/cache/apt/archives"/*.deb
			mv "$root.new" "$root"
		fi
	) 9>"$cache/$suite-base.lock" || return 1
	echo "$root"
}

# debian_with SUITE GROUP...: prints the path of a Debian with these groups of deploy/packages.
debian_with() {
	local suite=$1 packages base root
	shift
	packages=$(packages_in "$@" | sed 's/.*|//')
	base=$(debian_base "$suite") || return 1
	root=$cache/$suite-$(sha256sum <<<"$packages" | cut -c 1-12)
	(
		flock 9
		if [ ! -d "$root" ]; then
			use_proxy_of_apt
			find "$cache" -maxdepth 1 -type d -name "$suite-????????????*" -mtime +14 \
				-exec rm -rf {} +
			rm -rf "$root.new"
			cp -a "$base" "$root.new"
			cp -L /etc/resolv.conf "$root.new/etc/resolv.conf"
			chroot "$root.new" apt-get -q update >&2 || exit 1
			# shellcheck disable=SC2086 # one word a package
			DEBIAN_FRONTEND=noninteractive chroot "$root.new" apt-get -q -y install \
				--no-install-recommends $packages >&2 || exit 1
			rm -rf "$root.new/var/cache/apt/archives"/*.deb
			mv "$root.new" "$root"
		fi
	) 9>"$cache/$suite-roots.lock" || return 1
	echo "$root"
}

# copy_sources TO: the files of the project without what was built, with their times.
copy_sources() {
	mkdir -p "$1"
	tar --exclude=./build --exclude=./.git --exclude=./.cache -cf - . | tar -C "$1" -xf -
}

# in_root ROOT USER DIRECTORY SCRIPT: runs a bash script in the root, as a user, with the directory
# at /work. Its mounts go with it.
in_root() {
	mkdir -p "$1/work"
	use_proxy_of_apt
	unshare -m bash -euc '
		mount --bind "$1" "$1" # its / is a mount point, as that of a machine is
		mount --bind "$3" "$1/work"
		mount -t proc proc "$1/proc"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm" || true
		exec chroot --userspec="$2" "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			${http_proxy:+http_proxy="$http_proxy"} HOME=/work TMPDIR=/tmp LC_ALL=C.UTF-8 \
			bash -euc "$4"
	' in_root "$@" </dev/null
}
