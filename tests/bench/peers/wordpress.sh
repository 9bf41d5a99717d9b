# WordPress with nginx, PHP and MariaDB as Debian has them, in a root of its own, so that nothing of it is
# installed or left on this machine. Sourced by rows, behind lecternd.sh and loopback.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the rows
. tests/e2e/container_root.sh

wordpress_files=tests/bench/peers/wordpress

# wordpress_root: prints the path of a Debian with what is needed, made once.
wordpress_root() {
	local base root=$cache/bookworm-wordpress
	base=$(debian_base bookworm) || return 1
	(
		flock 9
		[ ! -d "$root" ] || exit 0
		use_proxy_of_apt
		rm -rf "$root.new"
		cp -a "$base" "$root.new"
		cp -L /etc/resolv.conf "$root.new/etc/resolv.conf"
		# Packages start nothing.
		printf '#!/bin/sh\nexit 101\n' >"$root.new/usr/sbin/policy-rc.d"
		chmod 755 "$root.new/usr/sbin/policy-rc.d"
		chroot "$root.new" apt-get -q update >&2 || exit 1
		# shellcheck disable=SC2046 # one word a package
		DEBIAN_FRONTEND=noninteractive chroot "$root.new" apt-get -q -y install \
			--no-install-recommends $(packages_in wordpress) >&2 || exit 1
		rm -rf "$root.new/var/cache/apt/archives"/*.deb
		mv "$root.new" "$root"
	) 9>"$cache/bookworm-wordpress.lock" || return 1
	echo "$root"
}

# in_wordpress SCRIPT: a bash script as root inside, the files of the row at /work. Its standard input is
# kept; it takes the place of this shell, and whatever it starts ends with it.
in_wordpress() {
	exec unshare -m -p --fork --kill-child bash -euc '
		mount --bind "$2" "$1/work"
		mount -t proc proc "$1/proc"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm" || true
		exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			LC_ALL=C.UTF-8 WORDPRESS_PORT="$3" bash -euc "$4"
	' in_wordpress "$wordpress_root" "$bench_work/wordpress" "${wordpress_port:-0}" "$1"
}

# start_wordpress: nginx, PHP and MariaDB. They are ready when the database is.
start_wordpress() {
	wordpress_port=$(free_port)
	(in_wordpress '. /work/serve.sh') >"$bench_work/wordpress.log" 2>&1 </dev/null &
	server_pids=($!)
	for _ in {1..150}; do
		! (in_wordpress 'mariadb -S /work/run/mariadb.sock -e "SELECT 1"') >/dev/null 2>&1 </dev/null || return 0
		[ -d "/proc/${server_pids[0]}" ] || break
		sleep 0.2
	done
	cat "$bench_work/wordpress.log"
	return 1
}

# stop_wordpress: the database first, which ends the others.
stop_wordpress() {
	[ ${#server_pids[@]} -gt 0 ] || return 0
	(in_wordpress 'mariadb-admin -S /work/run/mariadb.sock shutdown') >/dev/null 2>&1 </dev/null || true
	for _ in {1..100}; do
		[ -d "/proc/${server_pids[0]}" ] || break
		sleep 0.1
	done
	stop_servers
}

# prepare_wordpress POSTS: fills a new WordPress from `lectern post list -o jsonl`. $bench_work/tags.json
# has the ids of its tags.
prepare_wordpress() {
	local work=$bench_work/wordpress
	wordpress_root=$(wordpress_root) || die "no root for WordPress"
	mkdir -p "$work" "$wordpress_root/work"
	chmod 755 "$bench_work" "$work"
	cp "$wordpress_files"/* "$work/"
	(in_wordpress '
		cp -rL /usr/share/wordpress /work/site
		rm -f /work/site/wp-config.php
		cp /work/wp-config.php /work/site/
		mkdir -m 1777 /work/run
		mariadb-install-db --user=mysql --datadir=/work/mysql --skip-test-db --force') \
		>"$bench_work/wordpress.log" 2>&1 </dev/null || die "MariaDB makes no database"
	start_wordpress || die "WordPress does not start"
	(in_wordpress 'mariadb -S /work/run/mariadb.sock -e "
		CREATE DATABASE wordpress CHARACTER SET utf8mb4;
		CREATE USER wordpress@localhost IDENTIFIED BY \"wordpress\";
		GRANT ALL ON wordpress.* TO wordpress@localhost"') </dev/null
	(in_wordpress 'php -d memory_limit=2G /work/import.php') <"$1" >"$bench_work/wordpress.import"
	tail -n 1 "$bench_work/wordpress.import" >"$bench_work/tags.json"
	jq -e 'length > 0' "$bench_work/tags.json" >/dev/null ||
		die "WordPress takes no posts: $(tail -n 3 "$bench_work/wordpress.import")"
	stop_wordpress
}

# load_http SECONDS CONNECTIONS FILE: h2load over HTTP/1.1 with the addresses in the file, in turn.
load_http() {
	local report log=$bench_work/h2load.log
	rm -f "$log"
	report=$(h2load --h1 -t 1 -c "$2" -D "$1" --log-file="$log" -i "$3" 2>&1) || {
		echo "$report" >&2
		return 1
	}
	awk '{ print $3 }' "$log" | sort -n | awk -v report="$report" -v seconds="$1" '
		{ times[NR] = $1 }
		function at(share) { return times[int((NR - 1) * share) + 1] }
		END {
			if (NR == 0 || !match(report, /[0-9]+ succeeded/)) exit 1
			succeeded = substr(report, RSTART, RLENGTH) + 0
			match(report, /status codes: [0-9]+ 2xx/)
			good = substr(report, RSTART + 14, RLENGTH) + 0
			match(report, /traffic: [^\n]*/)
			traffic = substr(report, RSTART, RLENGTH)
			match(traffic, /\([0-9]+\) total/)
			bytes = substr(traffic, RSTART + 1, RLENGTH) + 0
			printf "{\"requests\":%d,\"failed\":%d,\"elapsed_s\":%s,\"p50_us\":%d,\"p90_us\":%d,\"p99_us\":%d,", \
				NR, NR - good, seconds, at(0.5), at(0.9), at(0.99)
			printf "\"p999_us\":%d,\"response_bytes\":%d}\n", at(0.999), bytes
		}' || {
		echo "$report" >&2
		return 1
	}
}

wordpress_stop() {
	stop_wordpress
}
wordpress_version() {
	(in_wordpress 'dpkg-query -W -f "WordPress \${Version}" wordpress') </dev/null
}
wordpress_settings() {
	jq -nc --rawfile mariadb "$wordpress_files/my.cnf" --rawfile php "$wordpress_files/php-fpm.conf" \
		--rawfile nginx "$wordpress_files/nginx.conf" --argjson packages "$(
			(in_wordpress 'dpkg-query -W mariadb-server php8.2-fpm nginx') </dev/null |
				jq -Rn '[inputs | split("\t") | {(.[0]): .[1]}] | add')" \
		'{packages: $packages, "my.cnf": $mariadb, "php-fpm.conf": $php, "nginx.conf": $nginx}'
}
