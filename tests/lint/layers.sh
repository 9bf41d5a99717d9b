#!/usr/bin/env bash
# Which layer may include and link which: the #include lines and the CMake targets agree with the
# rule below.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"

# LAYER: the layers of ours and the libraries with a rule (nng, lmdb, mbedtls) that it may see. The installed
# headers, include/lectern, count as "public", the schemas of the store as "store-proto".
rules='
base
proto
tls       base nng mbedtls
codec     base proto
analysis  base
store     base proto store-proto lmdb analysis
rpc       base proto
services  base proto store-proto store rpc analysis
auth      base rpc
telemetry base proto rpc
transport base proto rpc tls nng
site      base proto
http      base proto rpc codec site
server    base proto store-proto store rpc services transport tls analysis auth telemetry http site
client    base proto public tls nng
importers base proto public client codec
exporters base proto codec
cli       base proto public client codec importers exporters auth
'
failed=0
complain() {
	printf '%s\n' "$*"
	failed=1
}

declare -A allowed
while read -r layer seen; do
	[ -z "$layer" ] || allowed[$layer]=" $layer $seen "
done <<<"$rules"

# may LAYER SEEN
may() {
	[[ ${allowed[$1]:-} == *" $2 "* ]]
}

# Sets $seen to what a header belongs to; to nothing for those that everybody may use.
look_up() {
	case $1 in
	'<lmdb.h>') seen=lmdb ;;
	'<nng/'*) seen=nng ;;
	'<mbedtls/'*) seen=mbedtls ;;
	'<lectern/store/'*) seen=store-proto ;;
	'<lectern/'*.pb-c.h'>' | '"times.h"' | '"descriptor_set.h"') seen=proto ;;
	'<lectern/version.h>') seen= ;;
	'<lectern/'*) seen=public ;;
	'"../'*) seen=a-path-upwards ;;
	'"'*/*'"') seen=${1#\"} seen=${seen%%/*} ;;
	'"'*) seen=a-path-without-layer ;;
	*) seen= ;;
	esac
}

# includes FILE...: FILE HEADER of every #include line.
includes() {
	grep -oHE '^#[[:blank:]]*include[[:blank:]]*[<"][^>"]*[>"]' "$@" |
		sed 's/:#[[:blank:]]*include[[:blank:]]*/ /'
}

while read -r file header; do
	layer=${file%/*} layer=${layer##*/}
	look_up "$header"
	[ -z "$seen" ] || may "$layer" "$seen" || complain "$file: $layer may not include $header"
done < <(includes src/*/*.[ch] proto/*.h)

for file in src/*/CMakeLists.txt; do
	layer=${file%/*} layer=${layer##*/}
	may "$layer" base || complain "$file: src/$layer is in no rule of $0"
	for target in $(sed 's/#.*//' "$file" | tr '\n' ' ' |
		grep -o 'target_link_libraries([^)]*)' | sed 's/target_link_libraries( *[^ ]*//; s/)//'); do
		case $target in
		nng::*) seen=nng ;;
		PkgConfig::LMDB) seen=lmdb ;;
		base | proto | tls | codec | store | rpc | auth | telemetry | services | transport | http | site | server | client | importers | exporters | cli)
			seen=$target
			;;
		*) continue ;;
		esac
		may "$layer" "$seen" || complain "$file: $layer may not link $target"
	done
done

while read -r file header; do
	case $header in
	'<lectern/client.h>' | '<lectern/error.h>' | '<lectern/version.h>' | '<lectern/watch.h>' | \
		'<std'*.h'>') ;;
	*) complain "$file: an installed header may not include $header" ;;
	esac
done < <(includes include/lectern/*)
exit $failed
