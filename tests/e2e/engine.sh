# docker and sudo for scripts that a document has, on the image of image.sh: containers share the
# network of the script, which has one of its own. Sourced by the script that runs the blocks, behind
# image.sh, with $root and $work exported. What the document does not use is not here.
# shellcheck shell=bash disable=SC2034,SC2154

sudo() { "$@"; }

docker() {
	local command=$1
	shift
	case $command in
	build) ;; # the test has built it
	run) docker_run "$@" ;;
	exec) docker_exec "$@" ;;
	logs) cat "$work/containers/$1/log" ;;
	cp) cp "$work/containers/${1%%:*}/data${1#*:/data}" "$2" ;;
	stop) docker_stop "${!#}" ;;
	*) die "docker $command is not known here" ;;
	esac
}

# Options that a container of ours has anyway are skipped; an unknown one is an error.
docker_run() {
	local detached='' name=once user=65532:65532 entrypoint='' binds=() id status=0
	container_env=() container_network=shared
	while [[ $1 == -* ]]; do
		case $1 in
		-d) detached=1 ;;
		--rm | -i | --read-only) ;;
		--name) name=$2 && shift ;;
		--user) user=$2 && shift ;;
		-v) binds+=("$2") && shift ;;
		-e) container_env+=("$2") && shift ;;
		--entrypoint) entrypoint=$2 && shift ;;
		-p) [[ $2 =~ ^([0-9]+):([0-9]+)$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]] ||
				die "-p $2: this network has no mapping"
			shift
			;;
		--restart | --cap-drop | --security-opt | --network) shift ;;
		*) die "docker run $1 is not known here" ;;
		esac
		shift
	done
	[ "$1" = lectern ] || die "docker run: $1 is not our image"
	shift
	id=$work/containers/$name
	mkdir -p "$id/data"
	chown 65532:65532 "$id/data"
	container_user=$user
	container_binds=()
	for bind in "${binds[@]}"; do
		[[ $bind != /* ]] || container_binds+=("$bind") # others are volumes: /data
	done
	if [ -n "$detached" ]; then
		in_container "$id/data" "${image_command[@]}" >"$id/log" 2>&1 </dev/null &
		echo $! >"$id/pid"
		echo $! >>"$work/pids"
		# Until it is in its root, and something can be run beside it.
		until [ "$(readlink "/proc/$!/root")" != / ] && [[ $(readlink "/proc/$!/exe") == *lecternd ]]; do
			kill -0 "$!" || die "the container ended: $(cat "$id/log")"
			sleep 0.02
		done
		return
	fi
	(in_container "$id/data" "$entrypoint" "$@") || status=$?
	return "$status"
}

docker_exec() {
	local pid
	pid=$(cat "$work/containers/$1/pid")
	shift
	exec_in "$pid" "$@"
}

docker_stop() {
	local pid status=0
	pid=$(cat "$work/containers/$1/pid")
	kill -TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" -eq 0 ] || die "the container ended with status $status"
}
