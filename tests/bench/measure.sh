# What processes cost, from /proc. Sourced by run.sh; uses nothing but bash and awk.
# shellcheck shell=bash

# with_children PID...: these and all processes below them, one a line.
with_children() {
	local pid list
	local -a children
	for pid; do
		[ -d "/proc/$pid" ] || continue
		printf '%s\n' "$pid"
		for list in "/proc/$pid/task/"*/children; do
			children=()
			read -r -a children <"$list" 2>/dev/null || true
			[ ${#children[@]} -eq 0 ] || with_children "${children[@]}"
		done
	done
}

# cpu_ns PID...: the processor time of these processes with all below them, "FINE COARSE": the sum of
# all threads, which loses those that have ended, and of all processes with those that have ended, in
# ticks.
cpu_ns() {
	local pid
	local -a files=() stats=()
	for pid in $(with_children "$@"); do
		files+=("/proc/$pid/task/"*/schedstat)
		stats+=("/proc/$pid/stat")
	done
	{
		# A thread may end between the list and the reading of it.
		cat "${files[@]}" 2>/dev/null | awk '{ sum += $1 } END { printf "%.0f ", sum }'
		cat "${stats[@]}" 2>/dev/null |
			awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); sum += $12 + $13 + $14 + $15 }
				END { printf "%.0f\n", sum / ticks * 1e9 }'
	}
}

# cpu_between BEFORE AFTER: nanoseconds between two answers of cpu_ns. The fine one, unless so much
# is missing there that threads or processes must have ended meanwhile.
cpu_between() {
	awk -v before="$1" -v after="$2" 'BEGIN {
		split(before, b); split(after, a)
		fine = a[1] - b[1]; coarse = a[2] - b[2]
		printf "%.0f\n", (coarse > fine * 1.02 + 20e6) ? coarse : fine
	}'
}

# busy_ns: the processor time of everything on the machine.
busy_ns() {
	awk -v ticks="$(getconf CLK_TCK)" '$1 == "cpu" {
		printf "%.0f\n", ($2 + $3 + $4 + $7 + $8 + $9) / ticks * 1e9 }' /proc/stat
}

# memory PID...: {"rss_bytes":N,"private_bytes":N} of these processes with all below them. Pages that
# several of them share count once for each in the first; the second is what is in no file.
memory() {
	local pid
	local -a files=()
	for pid in $(with_children "$@"); do
		files+=("/proc/$pid/smaps_rollup")
	done
	cat "${files[@]}" 2>/dev/null | awk '
		$1 == "Rss:" { rss += $2 }
		$1 == "Pss_Anon:" { private += $2 }
		END { printf "{\"rss_bytes\":%.0f,\"private_bytes\":%.0f}\n", rss * 1024, private * 1024 }'
}

# machine: what the figures are of, as JSON.
machine() {
	jq -n --arg processor "$(sed -n 's/^model name[[:blank:]]*: //p' /proc/cpuinfo | head -n 1)" \
		--argjson processors "$(nproc)" --arg kernel "$(uname -sr)" \
		--argjson memory_kb "$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)" \
		--arg system "$(. /etc/os-release && echo "$PRETTY_NAME")" \
		'{processor: $processor, processors: $processors, memory_bytes: ($memory_kb * 1024),
		kernel: $kernel, system: $system}'
}
