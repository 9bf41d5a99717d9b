#!/usr/bin/env bash
# An independent client: requests encoded by protoc, sent by nngcat, replies decoded by protoc.
set -euo pipefail

: "${LECTERN_BIN:?}" "${LECTERN_SOURCE:?}"
for tool in nngcat protoc; do
	command -v $tool >/dev/null || { echo "skipped: needs $tool"; exit 77; }
done

work=$(mktemp -d)
server=
cleanup()
{
	if [[ -n $server ]]; then
		kill "$server" 2>/dev/null || true
		wait "$server" || true
	fi
	rm -rf "$work"
}
trap cleanup EXIT

fail()
{
	echo "FAILED: $1"
	exit 1
}

# The ready line names the addresses, with the port that the system chose.
mkfifo "$work/log"
"$LECTERN_BIN/lecternd" --data "$work/data" --listen "ipc://$work/rpc.sock" \
	--listen tcp://127.0.0.1:0 --map-size 1073741824 --log-format json 2>"$work/log" &
server=$!
exec 3<"$work/log"
addresses=
while read -r -t 30 line <&3; do
	if [[ $line == *'"msg":"ready"'* ]]; then
		addresses=$(sed -E 's/.*"address":"([^"]*)".*/\1/' <<<"$line")
		break
	fi
done
[[ -n $addresses ]] || fail "lecternd did not become ready"
cat <&3 >/dev/null & # so that the log does not fill the pipe

schemas=(-I"$LECTERN_SOURCE/proto" -I"$LECTERN_SOURCE/tests/interop/nngcat"
	"$LECTERN_SOURCE/tests/interop/nngcat/calls.proto")

# call ADDRESS MESSAGE < REQUEST: sends an interop.MESSAGECall, prints the interop.MESSAGEReply.
call()
{
	protoc --encode="interop.$2Call" "${schemas[@]}" >"$work/request"
	nngcat --req --dial "$1" --file "$work/request" --raw --recv-timeout 20 >"$work/reply" ||
		fail "nngcat --dial $1"
	protoc --decode="interop.$2Reply" "${schemas[@]}" <"$work/reply"
}

# expect LABEL LINE...: the decoded reply in $reply has these lines.
expect()
{
	local label=$1 line
	shift
	for line in "$@"; do
		grep -qF -- "$line" <<<"$reply" || fail "$label: no '$line' in: $reply"
	done
	echo "ok: $label"
}

for address in $addresses; do
	reply=$(call "$address" Check <<<'method: "/lectern.v1.HealthService/Check" timeout_ms: 5000')
	expect "health over ${address%%:*}" 'status: SERVING_STATUS_SERVING'
done

reply=$(call "$address" CreatePost <<'END'
method: "lectern.v1.PostService/CreatePost"
payload {
  post {
    title: "Zero Copies" state: POST_STATE_PUBLISHED body: "From the *map* to the wire."
    publish_time { seconds: 1700000000 }
    tags { name: "Storage" }
  }
  request_id: "interop-1"
  create_missing_terms: true
}
END
)
expect "create" 'slug: "zero-copies"' 'state: POST_STATE_PUBLISHED' 'name: "Storage"'
revision=$(sed -nE 's/^revision: ([0-9]+)$/\1/p' <<<"$reply")
[[ -n $revision ]] || fail "create: no revision in: $reply"

reply=$(call "$address" GetArchive <<END
method: "/lectern.v1.ArchiveService/GetArchive"
payload { kind: ARCHIVE_KIND_TAG term { slug: "storage" } view: POST_VIEW_FULL }
min_revision: $revision
END
)
expect "archive" 'total_size: 1' 'post_count: 1' 'title: "Zero Copies"' \
	'body: "From the *map* to the wire."' 'html: "<p>From the <em>map</em> to the wire.</p>\n"'

reply=$(call "$address" GetArchive <<'END'
method: "/lectern.v1.ArchiveService/GetArchive"
payload { kind: ARCHIVE_KIND_TAG term { slug: "no-such-tag" } }
END
)
expect "a tag that does not exist" 'code: 5' 'there is no tag with slug \"no-such-tag\"' \
	'type_url: "type.googleapis.com/google.rpc.ErrorInfo"' 'TERM_NOT_FOUND\022\007lectern'

reply=$(call "$address" CreatePost <<'END'
method: "/lectern.v1.PostService/CreatePost"
payload { post { slug: "Not A Slug" title: "x" } }
END
)
expect "a wrong field" 'code: 3' 'type_url: "type.googleapis.com/google.rpc.BadRequest"' \
	'post.slug'

reply=$(call "$address" Check <<<'method: "/lectern.v1.HealthService/Chekc"')
expect "an unknown method" 'code: 12'

printf '\xff\xff\xff\xff no envelope' >"$work/request"
nngcat --req --dial "$address" --file "$work/request" --raw --recv-timeout 20 >"$work/reply" ||
	fail "nngcat with garbage"
reply=$(protoc --decode=interop.CheckReply "${schemas[@]}" <"$work/reply")
expect "garbage" 'code: 3'
