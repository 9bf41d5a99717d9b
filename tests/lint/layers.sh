#!/usr/bin/env bash
# Which layer may include and link which: the #include lines and the CMake targets agree with the
# rule below.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"

# LAYER: the layers of ours and the libraries with a rule (nng, lmdb) that it may see. The installed
# headers, include/lectern, count as "public", the schemas of the store as "store-proto".
rules='
base
proto
codec     base proto
store     base proto store-proto lmdb
rpc       base proto
services  base proto store-proto store rpc
transport base proto rpc nng
server    base proto store-proto store rpc services transport
client    base proto public nng
importers base proto public client codec
cli       base proto public client codec importers
'
failed=0
complain() {
	printf '%s\n' "$*"
	failed=1
}

# may LAYER SEEN
may() {
	[ "$1" = "$2" ] || grep -Eq "^$1 (.* )?$2( |$)" <<<"$rules"
}

# seen_by_include HEADER: what a header belongs to; nothing for those that everybody may use.
seen_by_include() {
	case $1 in
	'<lmdb.h>') echo lmdb ;;
	'<nng/'*) echo nng ;;
	'<lectern/store/'*) echo store-proto ;;
	'<lectern/'*.pb-c.h'>' | '"times.h"' | '"descriptor_set.h"') echo proto ;;
	'<lectern/version.h>') ;;
	'<lectern/'*) echo public ;;
	'"tests/'* | '"support/'* | '"../'*) echo forbidden ;;
	'"'*/*'"') sed 's/"\([^/]*\).*/\1/' <<<"$1" ;;
	'"'*) echo "path-without-layer" ;;
	esac
}

for file in src/*/*.[ch] proto/*.h; do
	layer=$(basename "$(dirname "$file")")
	while read -r header; do
		seen=$(seen_by_include "$header")
		[ -z "$seen" ] || may "$layer" "$seen" || complain "$file: $layer may not include $header"
	done < <(sed -n 's/^#[ \t]*include[ \t]*\([<"][^>"]*[>"]\).*/\1/p' "$file")
done

for file in src/*/CMakeLists.txt; do
	layer=$(basename "$(dirname "$file")")
	may "$layer" base || complain "$file: src/$layer is in no rule of $0"
	for target in $(sed 's/#.*//' "$file" | tr '\n' ' ' |
		grep -o 'target_link_libraries([^)]*)' | sed 's/target_link_libraries( *[^ ]*//; s/)//'); do
		case $target in
		nng::*) seen=nng ;;
		PkgConfig::LMDB) seen=lmdb ;;
		base | proto | codec | store | rpc | services | transport | server | client | importers | cli)
			seen=$target
			;;
		*) continue ;;
		esac
		may "$layer" "$seen" || complain "$file: $layer may not link $target"
	done
done

for file in include/lectern/*; do
	while read -r header; do
		case $header in
		'<lectern/client.h>' | '<lectern/error.h>' | '<lectern/version.h>' | '<std'*.h'>') ;;
		*) complain "$file: an installed header may not include $header" ;;
		esac
	done < <(sed -n 's/^#[ \t]*include[ \t]*\([<"][^>"]*[>"]\).*/\1/p' "$file")
done
exit $failed
