# Debian 13 roots for tests that need one, made by debootstrap and kept in a cache; sourced.
# shellcheck shell=bash

cache=${LECTERN_CACHE:-/var/cache/lectern-tests}

skip() {
	echo "skipped: $*"
	exit 77
}

# need_roots: what making and using such a root takes, or the end.
need_roots() {
	local command
	[ "$(id -u)" -eq 0 ] || skip "needs root to make and enter a root of its own"
	for command in debootstrap "$@"; do
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

# trixie_base: prints the path of a minimal Debian 13, made once.
trixie_base() {
	local root=$cache/trixie-base from
	(
		flock 9
		if [ ! -d "$root" ]; then
			from=$(mirror)
			[ -n "$from" ] || exit 1
			use_proxy_of_apt
			rm -rf "$root.new"
			timeout 900 debootstrap --variant=minbase trixie "$root.new" "$from" >&2 || exit 1
			rm -rf "$root.new/var/cache/apt/archives"/*.deb
			mv "$root.new" "$root"
		fi
	) 9>"$cache/trixie-base.lock" || return 1
	echo "$root"
}

# trixie_with GROUP...: prints the path of a Debian 13 with these groups of deploy/packages.
trixie_with() {
	local packages base root
	packages=$(packages_in "$@" | sed 's/.*|//')
	base=$(trixie_base) || return 1
	root=$cache/trixie-$(sha256sum <<<"$packages" | cut -c 1-12)
	(
		flock 9
		if [ ! -d "$root" ]; then
			use_proxy_of_apt
			find "$cache" -maxdepth 1 -name 'trixie-????????????*' ! -name '*.lock' \
				-mtime +14 -exec rm -rf {} +
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
	) 9>"$cache/trixie-roots.lock" || return 1
	echo "$root"
}
