# Timed, quiet steps and package installation, sourced by deploy/quickstart.sh and tests/run.sh.
# The sourcing script sets LECTERN_LOGS, an existing directory for the logs of the steps.
# shellcheck shell=bash

steps_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# say TEXT...: one line for the person who watches.
say() {
	printf '%s\n' "$*"
}

# die TEXT...: what is wrong and what to do, then the end.
die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# step LABEL COMMAND...: runs the command with its output in a log; one line with the time. A
# failing command shows the end of its log and ends the script. $hint, if set, tells what to do.
step() {
	local label=$1 log start status=0
	shift
	log="$LECTERN_LOGS/$(printf '%s' "$label" | tr -cs 'A-Za-z0-9' '-').log"
	start=$SECONDS
	printf '%-44s ' "$label ..."
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if [ "$status" -eq 0 ]; then
		printf '%3d s\n' "$((SECONDS - start))"
		return 0
	fi
	printf 'failed after %d s\n' "$((SECONDS - start))"
	{
		tail -n 40 "$log" | sed 's/^/  | /'
		say "error: \"$label\" ended with status $status. The whole log: $log"
		[ -z "${hint:-}" ] || say "$hint"
	} >&2
	exit 1
}

# as_root COMMAND...: directly, or through sudo, which may ask only where somebody can answer.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif [ -t 2 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

# packages_in GROUP...: the names in deploy/packages, alternatives joined with "|".
packages_in() {
	local group
	for group in "$@"; do
		awk -v group="$group" '$1 == group { print $2 }' "$steps_root/deploy/packages"
	done
}

package_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# packages_missing GROUP...: the entries of the groups of which no alternative is installed.
packages_missing() {
	local entry name found
	for entry in $(packages_in "$@"); do
		found=
		for name in ${entry//|/ }; do
			if package_installed "$name"; then
				found=1
			fi
		done
		[ -n "$found" ] || printf '%s\n' "$entry"
	done
}

# Installs entries of deploy/packages; runs in a step.
apt_install() {
	local apt=(apt-get -q -y -o DPkg::Lock::Timeout=300) entry name names=()
	as_root "${apt[@]}" update || say "apt-get update failed; going on with the lists at hand"
	for entry in "$@"; do
		for name in ${entry//|/ }; do
			if [ -n "$(apt-cache show "$name" 2>/dev/null)" ]; then
				break
			fi
		done
		names+=("$name")
	done
	as_root env DEBIAN_FRONTEND=noninteractive "${apt[@]}" install --no-install-recommends \
		"${names[@]}"
}

# install_packages GROUP...: those that are missing, if any.
install_packages() {
	local missing hint
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		say "This is not Debian: install what deploy/packages names yourself. Going on."
		return 0
	fi
	missing=$(packages_missing "$@")
	if [ -z "$missing" ]; then
		return 0
	fi
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		die "packages are missing and there is no sudo. As root run:" \
			"apt-get install ${missing//$'\n'/ }"
	fi
	hint="Is the network up? As root try: apt-get update && apt-get install ${missing//$'\n'/ }"
	# shellcheck disable=SC2086 # one word a package
	step "installing $(wc -l <<<"$missing") packages" apt_install $missing
}

# wait_for_ready PID LOG: prints the first tcp or ipc address of lecternd's ready line as soon as it
# stands in the log. Fails when the process ends first or nothing comes for 20 seconds.
wait_for_ready() {
	local line lines follower address=
	: >>"$2" # the process in the background may not have made it yet
	exec {lines}< <(exec tail -n +1 -f --pid="$1" "$2" 2>/dev/null)
	follower=$!
	while [ -z "$address" ] && IFS= read -r -t 20 -u "$lines" line; do
		if [[ $line =~ ready.*((tcp|ipc)://[^\",\ ]+) ]]; then
			address=${BASH_REMATCH[1]}
		fi
	done
	kill "$follower" 2>/dev/null || true
	exec {lines}<&-
	[ -n "$address" ] && printf '%s\n' "$address"
}
