#!/bin/sh
# licences.sh BUILD.NINJA ROOTFS: the copyright files of the Debian packages from which libraries got
# into an image, shared (they lie in ROOTFS) or from archives (they stand in BUILD.NINJA).
set -eu
{
	grep -o '/usr/lib/[^ ]*\.a' "$1"
	cd "$2" && find . -name '*.so*' | sed 's/^\.//'
	echo /usr/share/zoneinfo
} | sort -u | while read -r file; do
	dpkg -S "$file" 2>/dev/null || dpkg -S "/usr$file" 2>/dev/null || dpkg -S "${file#/usr}"
done | grep -v '^diversion ' | cut -d : -f 1 | tr -d ',' | sort -u | while read -r package; do
	printf '==== %s %s\n\n' "$package" "$(dpkg-query -W -f '${Version}' "$package" | head -n 1)"
	cat "/usr/share/doc/$package/copyright"
done
