#!/usr/bin/env bash
# The schemas pass buf's lint rules of proto/buf.yaml, if buf is at hand or npm can bring it.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
cache=${LECTERN_BUF_CACHE:-build/buf}

find_buf() {
	command -v buf || command -v "$PWD/$cache/node_modules/.bin/buf"
}

if ! find_buf >/dev/null && command -v npm >/dev/null; then
	mkdir -p "$cache"
	timeout 120 npm install --silent --no-audit --no-fund --prefix "$cache" @bufbuild/buf@1 \
		>"$cache/install.log" 2>&1 || true
fi
if ! buf=$(find_buf); then
	echo "skipped: no buf on PATH, and npm is missing or could not install @bufbuild/buf"
	exit 77
fi
exec "$buf" lint proto
