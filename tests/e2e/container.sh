#!/usr/bin/env bash
# Builds the image of the Dockerfile without a container engine and uses it as one would: as its
# user, without capabilities, on a read-only root, through its health check, over a kill, with a store
# that breaks, and before strangers with TLS and tokens.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
. deploy/steps.sh
. tests/e2e/container_root.sh
need_roots buildah jq capsh nsenter ip ss curl openssl
work=$(mktemp -d "${TMPDIR:-/tmp}/lectern-container.XXXXXX")
. tests/e2e/image.sh
server=
clean_up() {
	[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
	remove_container
	rm -rf "$work"
}
trap clean_up EXIT
IMAGE_BYTES_MAX=15000000
START_MS_MAX=3000 # of a busy machine; the aim is 200

# begin: the image's own command in the background; waits for its line and tells how long that took.
begin() {
	local start=${EPOCHREALTIME/./} ms
	: >"$work/log"
	in_container "$work/data" "${image_command[@]}" >"$work/log" 2>&1 </dev/null &
	server=$!
	if ! wait_for_ready "$server" "$work/log" >/dev/null; then
		cat "$work/log"
		die "the image's lecternd did not become ready"
	fi
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	say "started: ready after $ms ms, by its own account" \
		"$(jq -r 'select(.msg == "ready").duration_ms' "$work/log") ms"
	[ "$ms" -le "$START_MS_MAX" ] || die "it took $ms ms to start"
}

# end SIGNAL: and what it ends with.
end() {
	local status=0
	kill -s "$1" "$server"
	wait "$server" 2>/dev/null || status=$?
	server=
	return "$status"
}

# refuses_to_start TEXT: it ends by itself, with a line that has the text.
refuses_to_start() {
	local status=0
	timeout 20 bash -c "$(declare -p root image_env image_command "${!container_@}")
		$(declare -f in_container)
		in_container $(printf %q "$work/data") \"\${image_command[@]}\"" \
		>"$work/log" 2>&1 </dev/null || status=$?
	[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || {
		cat "$work/log"
		die "expected lecternd to refuse this; it ended with $status"
	}
	grep -q -- "$1" "$work/log" || {
		cat "$work/log"
		die "the refusal does not say \"$1\""
	}
}

# health: the image's check, in the running container; in one of its own when that has ended.
health() {
	if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
		exec_in "$server" "${health_command[@]}"
	else
		(in_container "$work/data" "${health_command[@]}")
	fi
}

turns_red() {
	local tries=$1
	while [ "$tries" -gt 0 ]; do
		health >"$work/health" 2>&1 || return 0
		tries=$((tries - 1))
		sleep 0.5
	done
	die "the health check stays green: $2"
}

lectern() {
	exec_in "$server" /usr/bin/lectern "$@"
}

list_root() {
	(cd "$root" && find . -path ./data -prune -o -printf '%p %s %T@ %m %U\n' | sort)
}

check_image() {
	print_sizes "$IMAGE_BYTES_MAX"
	[ ! -e "$root/bin/sh" ] && [ ! -e "$root/usr/bin/sh" ] || die "there is a shell in the image"
	[ -z "$(find "$root" -type f -perm /6000)" ] || die "there is a setuid program in the image"
	for what in libc6 liblmdb-dev tzdata; do
		zcat "$root/usr/share/doc/lectern/libraries.gz" | grep "^==== $what " >/dev/null ||
			die "the licence of $what is not in the image"
	done
	[ "$(image_config .User)" = 65532:65532 ] || die "the image's user is $(image_config .User)"
	[ "$(image_config '.ExposedPorts | keys | join(" ")')" = "7400/tcp 7401/tcp 7480/tcp" ] ||
		die "the image's ports: $(image_config '.ExposedPorts | keys')"
	[ "$(image_config .StopSignal)" = SIGTERM ] || die "the image's signal: $(image_config .StopSignal)"
	local version
	version=$(sed -n 's/^project(lectern VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
	[ "$(image_config '.Labels["org.opencontainers.image.version"]')" = "$version" ] ||
		die "the label for the version is not that of CMakeLists.txt, $version"
	mapfile -t health_command < <(image_config '.Healthcheck.Test[1:][]')
}

# As `docker run` without anything: it serves itself and nobody else.
test_first_run() {
	begin
	for what in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "$(awk -v w="$what:" '$1 == w { print $2 }' "/proc/$server/status")" = 0000000000000000 ] ||
			die "the server has capabilities: $(grep "$what" "/proc/$server/status")"
	done
	grep -q '^NoNewPrivs:	1' "/proc/$server/status" || die "no_new_privs is not set"
	nsenter -t "$server" -n ss -Hltn | awk '{ print $4 }' | grep -v '^127\.0\.0\.1:' &&
		die "it listens on more than the container's loopback"
	lectern import jsonl - < <(cat deploy/sample/*.jsonl) | tail -n 1
	count=$(lectern -o json info | jq -r .postCount)
	[ "$count" -gt 0 ] || die "nothing was imported"
	lectern archive dates --time-zone Asia/Tokyo >/dev/null
	lectern archive dates --time-zone America/Argentina/Buenos_Aires >/dev/null
	health || die "the health check fails beside a healthy server"
	container_env=(LECTERND_LISTEN=tcp://0.0.0.0:7400)
	refuses_to_start insecure
	container_env=()
}

test_kill() {
	local after
	end KILL || true
	turns_red 1 "without a server"
	begin
	after=$(lectern -o json info | jq -r .postCount)
	[ "$after" = "$count" ] || die "$count posts before the kill, $after after it"
	health || die "the health check fails after a kill and a start"
	end TERM || die "lecternd ended with status $?"
	list_root | diff "$work/before" - || die "something was written outside /data"
}

# A store that breaks beneath the server, and one that is broken when it starts.
test_broken_store() {
	cp -a "$work/data" "$work/whole"
	begin
	truncate -s 8192 "$work/data/data.mdb"
	turns_red 40 "its data file was cut"
	say "cut while it runs: $(head -n 1 "$work/health")"
	! kill -0 "$server" 2>/dev/null || end KILL || true
	server=
	refuses_to_start damaged
	turns_red 1 "its data file is damaged and it does not start"
	rm -rf "$work/data"
	cp -a "$work/whole" "$work/data"
	chmod 000 "$work/data/data.mdb"
	refuses_to_start 'ermission'
	turns_red 1 "its data file cannot be read"
	rm -rf "$work/data"
	mv "$work/whole" "$work/data"
	begin
	[ "$(lectern -o json info | jq -r .postCount)" = "$count" ] || die "the restored store differs"
	end TERM || die "lecternd ended with status $?"
}

# titles FILE: of the posts of an archive page, in its order.
titles() {
	sed -n 's/^ *• *//p' "$1" | sed 's/ *$//'
}

# same_titles WHAT: those of $work/titles in the JSON of standard input.
same_titles() {
	jq -r '.posts[].title' | diff "$work/titles" - || die "$1: not the posts of $page"
}

# status COMMAND...: prints the command's exit status.
status() {
	local status=0
	"$@" >"$work/status" 2>&1 || status=$?
	echo "$status"
}

# https TOKEN JSON PATH: over HTTPS from inside the container's network; the status is the last line.
https() {
	local token=()
	[ -z "$1" ] || token=(--header "authorization: Bearer $(cat "$work/etc/$1.token")")
	nsenter -t "$server" -n curl --silent --show-error --max-time 20 --cacert "$work/etc/ca.crt" \
		"${token[@]}" ${2:+--json "$2"} --write-out '\n%{http_code}\n' "https://localhost:7480/$3"
}

# What the pod has in /etc/lectern, with certificates of the tests, tokens, and content to import.
make_etc() {
	mkdir -p "$work/certificates" "$work/etc/tls" "$work/etc/tokens" "$work/etc/content"
	tests/support/certificates.sh "$work/certificates"
	cp deploy/kubernetes/lecternd.ini "$work/etc/"
	cp "$work/certificates/ca.crt" "$work/etc/"
	cp "$work/certificates/server.crt" "$work/etc/tls/tls.crt"
	cp "$work/certificates/server.key" "$work/etc/tls/tls.key"
	cp "$@" "$work/etc/content/"
	local scope
	container_binds=("$work/etc:/etc/lectern")
	for scope in read write admin; do
		(container_user=0:0 && in_container "$work/data" /usr/bin/lectern token create "$scope" \
			--scope "$scope" --tokens /etc/lectern/tokens/tokens) >"$work/etc/$scope.token" 2>/dev/null
	done
	chown -R 65532:65532 "$work/etc"
}

# as SCOPE: the tool over TLS with that token from now on.
as() {
	exec_env=(LECTERN_SERVER=tls+tcp://localhost:7400 LECTERN_TLS_CA=/etc/lectern/ca.crt
		"LECTERN_TOKEN_FILE=/etc/lectern/$1.token")
}

# The options of the pod, real content over TLS to the tool and to curl, and what is refused.
test_exposed() {
	local seeds=${LECTERN_DATA:-$PWD/../shared/data}/seeds query slug='' code
	if [ -d "$seeds" ]; then
		page=$(grep -lx 'Tag: Deep Learning' "$seeds"/*)
		make_etc "$seeds"/*.txt
	else
		echo "skipped: $seeds is not there; the sample content in its place"
		page=deploy/sample/archive.txt
		make_etc "$page"
	fi
	titles "$page" >"$work/titles"
	rm -rf "$work/data"
	install -d -o 65532 -g 65532 "$work/data"
	container_binds=("$work/etc:/etc/lectern:ro")
	begin
	as write
	lectern import archive-text /etc/lectern/content | tail -n 1
	as read
	local kind name
	IFS=: read -r kind name <"$page"
	kind=${kind,,} name=${name# }
	lectern archive "$kind" "$name" --page-size 100 -o json | same_titles "the tool over TLS"
	query="{\"kind\": \"ARCHIVE_KIND_${kind^^}\", \"term\": {\"name\": \"$name\"}, \"pageSize\": 100}"
	https read "$query" lectern.v1.ArchiveService/GetArchive >"$work/answer"
	head -n -1 "$work/answer" | same_titles "curl over TLS"
	slug=$(lectern post list --page-size 1 -o json | jq -r '.posts[0].slug')
	code=$(status lectern post delete "$slug")
	[ "$code" -eq 71 ] || die "a write with a token for reading ends with $code: $(cat "$work/status")"
	exec_env+=(LECTERN_TOKEN_FILE=)
	code=$(status lectern post get "$slug")
	[ "$code" -eq 80 ] || die "a read without a token ends with $code: $(cat "$work/status")"
	[ "$(https '' "$query" lectern.v1.ArchiveService/GetArchive | tail -n 1)" = 401 ] ||
		die "curl without a token is not refused with 401"
	[ "$(https '' '' livez | tail -n 1)" = 200 ] || die "/livez does not answer 200"
	[ "$(https '' '' readyz | tail -n 1)" = 200 ] || die "/readyz does not answer 200"
	exec_env=()
	health || die "the health check fails where tokens are needed"
	test_clients "$kind" "$name"
	end TERM || die "lecternd ended with status $?"
	container_binds=()
	container_env=("LECTERND_LISTEN=tls+tcp://0.0.0.0:7400")
	refuses_to_start 'tls-cert'
	container_env=()
}

# The same by other people's clients: the archive whole and in its order, a write that is refused.
# table KIND NAME: the calls.
table() {
	jq -cn --rawfile titles "$work/titles" --arg kind "ARCHIVE_KIND_${1^^}" --arg name "$2" '
		($titles | split("\n") | map(select(. != ""))) as $titles |
		{label: "the archive \($name)", method: "ArchiveService/GetArchive",
		 request: {kind: $kind, term: {name: $name}, pageSize: 100},
		 response: ({"posts.length": ($titles | length)} +
			([$titles | to_entries[] | {key: "posts.\(.key).title", value: .value}] | from_entries))},
		{label: "a write", needs: "write", method: "TagService/CreateTag",
		 request: {tag: {name: "${client}"}}},
		{label: "without a token", needs: "tokens", token: false, method: "ArchiveService/ListArchiveDates",
		 request: {}, code: "UNAUTHENTICATED", reason: "TOKEN_MISSING"}'
}

# test_clients KIND NAME
test_clients() {
	local client status
	table "$1" "$2" >"$work/table.jsonl"
	for client in c python go node buf curl; do
		status=0
		bash tests/interop/contract.sh "$client" prepare >"$work/prepared" 2>&1 || status=$?
		if [ "$status" -eq 0 ]; then
			nsenter -t "$server" -n env LECTERN_CONTRACT_URL=tls+tcp://localhost:7400 \
				LECTERN_CONTRACT_HTTP=https://localhost:7480 LECTERN_TLS_CA="$work/etc/ca.crt" \
				LECTERN_TOKEN_FILE="$work/etc/read.token" LECTERN_CONTRACT_TABLE="$work/table.jsonl" \
				bash tests/interop/contract.sh "$client" || die "$client gets something else of the container"
		elif [ "$status" -eq 77 ]; then
			tail -n 1 "$work/prepared"
		else
			cat "$work/prepared"
			die "the client $client cannot be made ready"
		fi
	done
}

use_images
build_image
check_image
mkdir "$work/data"
chown 65532:65532 "$work/data"
list_root >"$work/before"
test_first_run
test_kill
test_broken_store
test_exposed
