#!/usr/bin/env bash
# Every C file looks as clang-format 14 with .clang-format makes it.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"

tool=
for name in clang-format-14 clang-format; do
	if command -v $name >/dev/null && $name --version | grep -q 'version 14\.'; then
		tool=$name
		break
	fi
done
if [ -z "$tool" ]; then
	echo "skipped: needs clang-format 14 (Debian 12); other versions format differently"
	exit 77
fi
find src include proto tests -name '*.[ch]' -print0 |
	xargs -0 "$tool" --dry-run -Werror --ferror-limit=3 || {
	echo "to mend: $tool -i FILE"
	exit 1
}
