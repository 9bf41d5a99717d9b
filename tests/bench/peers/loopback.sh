# Ports for peers that cannot choose one themselves. Sourced by rows.
# shellcheck shell=bash

# free_port: one of loopback that nobody listens at.
free_port() {
	local port
	for _ in {1..50}; do
		port=$((20000 + RANDOM % 10000))
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
	die "no port is free"
}
