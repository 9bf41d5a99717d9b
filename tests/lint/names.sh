#!/usr/bin/env bash
# File names say what is inside; very long files are named, not refused.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
failed=0

while read -r file; do
	case $(basename "$file") in
	*util* | *helper* | *manager* | *misc* | *common.[ch])
		echo "$file: name the file after what is inside"
		failed=1
		;;
	*[A-Z]*.[ch] | *-*.[ch])
		echo "$file: C files have lower_snake_case names"
		failed=1
		;;
	esac
done < <(find src include tests proto -name '*.[ch]' -o -name '*.sh' -path 'tests/*')

while read -r lines file; do
	if [ "$file" != total ] && [ "$lines" -gt 500 ]; then
		echo "warning: $file has $lines lines; is it two files?"
	fi
done < <(find src include -name '*.[ch]' -exec wc -l {} +)
exit $failed
