# shellcheck shell=sh
curl -sS --fail-with-body "${LECTERN_HTTP:-http://127.0.0.1:7480}/lectern.v1.ArchiveService/GetArchive" \
    -H 'Content-Type: application/json' \
    -d '{"kind": "ARCHIVE_KIND_TAG", "term": {"slug": "databases"}}' | jq -r '.posts[].title'
