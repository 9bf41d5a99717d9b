#!/usr/bin/env bash
# Who may call: lectern token, lecternd --tokens, and clients with tokens. No token may appear where it
# does not belong.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
command -v jq >/dev/null || {
	echo "skipped: needs jq"
	exit 77
}
work=$(mktemp -d)
server=
others=()
trap 'echo "$0:$LINENO: ended with status $?"' ERR
trap '[ "${#others[@]}" = 0 ] || kill "${others[@]}" 2>/dev/null; [ -z "$server" ] || kill "$server"; wait; rm -rf "$work"' EXIT
export LECTERN_SERVER=ipc://$work/rpc.sock LECTERND_TOKENS=$work/tokens PATH="$bin:$PATH" LC_ALL=C.UTF-8
unset LECTERN_TOKEN_FILE
failed=0
# What everything here prints and logs, to be searched for tokens at the end.
mkdir "$work/said" "$work/secret"
said=0

complain() {
	printf '%s\n' "$*"
	failed=1
}

# start: a server on the data of the one before.
start() {
	: >"$work/log"
	"$bin/lecternd" --data "$work/data" --listen "$LECTERN_SERVER" --log-level debug \
		>>"$work/log" 2>&1 </dev/null &
	server=$!
	wait_for_ready "$server" "$work/log" >/dev/null || die "no server: $(cat "$work/log")"
}

stop() {
	local status=0
	kill "$server"
	wait "$server" || status=$?
	server=
	[ "$status" = 0 ] || complain "lecternd ended with status $status"
	cat "$work/log" >>"$work/said/log"
}

# expect STATUS OUT ERR COMMAND...: the texts stand in its output and its errors.
expect() {
	local want=$1 out=$2 err=$3 status=0
	shift 3
	timeout 60 "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	[ "$status" = "$want" ] || complain "$*: status $status, not $want: $(head -n 5 "$work/err")"
	grep -qF -- "$out" "$work/out" || [ -z "$out" ] || complain "$*: no \"$out\": $(head -n 3 "$work/out")"
	grep -qF -- "$err" "$work/err" || [ -z "$err" ] || complain "$*: no \"$err\": $(head -n 3 "$work/err")"
	said=$((said + 1))
	[ "${*:1:3}" = 'lectern token create' ] || cp "$work/out" "$work/said/$said.out"
	cp "$work/err" "$work/said/$said.err"
}

# make NAME SCOPE OPTION...: its token in secret/NAME.
make() {
	local name=$1 scope=$2
	shift 2
	expect 0 lectern_ 'reads' lectern token create "$name" --scope "$scope" "$@"
	cp "$work/out" "$work/secret/$name"
	[[ $(cat "$work/out") =~ ^lectern_[0-9a-f]{12}_[0-9a-f]{72}$ ]] || complain "$name is no token"
}

# holding NAME COMMAND...: the command has the token in secret/NAME. A program, so that others can run it.
mkdir "$work/bin"
cat >"$work/bin/holding" <<EOF
#!/bin/sh
LECTERN_TOKEN_FILE=$work/secret/\$1
export LECTERN_TOKEN_FILE
shift
exec "\$@"
EOF
chmod +x "$work/bin/holding"
PATH=$work/bin:$PATH

# logged COUNT TEXT: waits until the log has the text so often.
logged() {
	local end=$((SECONDS + 30))
	until [ "$(grep -cF -- "$2" "$work/log")" -ge "$1" ]; do
		[ "$SECONDS" -lt "$end" ] || die "the log never says: $2"
		sleep 0.02
	done
}

reload() { # TEXT: what the log says to it
	local before
	before=$(grep -cF -- "$1" "$work/log" || true)
	kill -HUP "$server"
	logged $((before + 1)) "$1"
}

# The file: for its owner alone, whatever the umask; a line each; the owner, the mode and a symbolic
# link stay as they are.
(
	umask 0
	lectern token create first --scope read >"$work/secret/first" 2>/dev/null
)
[ "$(stat -c %a "$work/tokens")" = 600 ] || complain 'a new file is not for its owner alone'
chmod 640 "$work/tokens"
[ "$(id -u)" != 0 ] || chown 12345:12346 "$work/tokens"
owner=$(stat -c %u:%g "$work/tokens")
mkdir "$work/links"
ln -s ../tokens "$work/links/tokens"
expect 0 '' 'is new and for its owner alone' lectern token create x --scope read --tokens "$work/other"
make reader read --comment 'of Müller & sons' --tokens "$work/links/tokens"
[ -L "$work/links/tokens" ] || complain 'the symbolic link is gone'
[ "$(stat -c %a:%u:%g "$work/tokens")" = "640:$owner" ] || complain 'owner or mode have changed'
[ "$(id -u)" != 0 ] || chown 0:0 "$work/tokens"
make writer write --expires 90d
make admin admin --expires 2999-12-31T00:00:00Z
make former admin --expires 15m
make leaver read
printf '%s' "$(cat "$work/tokens")" >"$work/tokens" # without the newline at its end
make last read
expect 0 '' 'good until then' lectern token revoke first
expect 0 'of Müller & sons' '' lectern token list
expect 0 '"name": "admin"' '' lectern -o json token list
[ "$(lectern -o jsonl token list | jq -r .name | tr '\n' ' ')" = 'reader writer admin former leaver last ' ] ||
	complain 'not all tokens, or not in their order'
[ "$(lectern -o json token list | jq -r '.tokens[2].expireTime')" = 2999-12-31T00:00:00Z ] ||
	complain 'another time'
jq -e '.token | startswith("lectern_")' >/dev/null < <(lectern -o json token create json --scope read 2>/dev/null) ||
	complain 'no token in the JSON'
expect 2 '' 'has no token '"'first'" lectern token revoke first
expect 2 '' 'already; take another name' lectern token create reader --scope admin
expect 2 '' '--scope is missing' lectern token create x
expect 2 '' 'must be one of: read write admin' lectern token create x --scope all
expect 2 '' '[A-Za-z0-9._@-]' lectern token create 'x y' --scope read
expect 2 '' 'write for example 90d' lectern token create x --scope read --expires tomorrow
expect 2 '' 'is over already' lectern token create x --scope read --expires 2020-01-01T00:00:00Z
expect 2 '' 'must be one line' lectern token create x --scope read --comment $'a\nb'
expect 2 '' 'which tokens file?' env -u LECTERND_TOKENS lectern token list
expect 1 '' 'No such file or directory' lectern token list --tokens "$work/nowhere"
expect 1 '' 'find its folder' lectern token create x --scope read --tokens "$work/no/where"
if [ -w /dev/full ]; then
	status=0
	lectern token create unseen --scope read >/dev/full 2>"$work/err" || status=$?
	[ "$status" = 1 ] && grep -q 'lectern token revoke unseen' "$work/err" ||
		complain 'nobody is told that a token was lost'
fi

# Many at once: nothing is lost.
pids=()
for i in 1 2 3 4 5 6 7 8; do
	lectern token create "many-$i" --scope read >"$work/secret/many-$i" 2>/dev/null &
	pids+=($!)
done
wait "${pids[@]}"
for i in 1 2 3 4 5 6 7 8; do
	holding "many-$i" lectern token check >/dev/null || complain "many-$i is lost"
done
[ "$(find "$work" -name '*.lectern-tmp')" = '' ] || complain 'something is left over'

# A mistake in the file: where it is, and nothing of a token that stands there.
cp "$work/tokens" "$work/good"
lines=$(wc -l <"$work/tokens")
cp "$work/secret/last" "$work/secret/pasted"
cat "$work/secret/pasted" >>"$work/tokens"
expect 2 '' "$work/tokens:$((lines + 1)): here stands a token" lectern token list
expect 2 '' "$work/tokens:$((lines + 1)): here stands a token" lectern token create x --scope read
expect 1 '' "$work/tokens:$((lines + 1)): here stands a token" \
	lecternd --data "$work/data" --listen "$LECTERN_SERVER" --tokens "$work/tokens"
chmod 666 "$work/good"
expect 1 '' 'others than its owner may write it' \
	lecternd --data "$work/data" --listen "$LECTERN_SERVER" --tokens "$work/good"
expect 1 '' "tokens file $work/nowhere: No such file" \
	lecternd --data "$work/data" --listen "$LECTERN_SERVER" --tokens "$work/nowhere"
chmod 600 "$work/good"
cp "$work/good" "$work/tokens"

# Where other machines come in.
expect 2 '' 'which needs tls+tcp:// and --tokens FILE' \
	env -u LECTERND_TOKENS lecternd --data "$work/data" --listen tcp://0.0.0.0:0
expect 2 '' 'which needs tls+tcp://; add' lecternd --data "$work/data" --listen tcp://0.0.0.0:0
expect 2 '' 'which needs tls+tcp:// and --tls-client-ca FILE' \
	lecternd --data "$work/data" --listen "$LECTERN_SERVER" --publish tcp://0.0.0.0:0
expect 2 '' TOKEN_IN_CLEAR holding reader lectern --server tcp://192.0.2.1:7400 info

# Checked without a server.
sed -i -E '/^former /s/ 20[0-9-]+T[0-9:]+Z/ 2020-01-01T00:00:00Z/' "$work/tokens"
expect 0 'scope    write' '' holding writer lectern token check
expect 0 '"expireTime": "2999-12-31T00:00:00Z"' '' holding admin lectern -o json token check
expect 80 '' TOKEN_EXPIRED holding former lectern token check
expect 80 '' TOKEN_INVALID holding first lectern token check
expect 2 '' 'which token?' lectern token check
expect 2 '' TOKEN_FILE lectern --token-file "$work/nowhere" token check

# Each method of the schema, with each scope: what docs/api.md says.
start
[ "$(stat -c %a "$work/rpc.sock")" = 600 ] || complain 'the socket is not for its owner alone'
grep -qF 'calls need a token' "$work/log" || complain 'the log does not tell of tokens'
awk -F'|' '/^\| service \| no token/ { on = 1; next }
	on && !/^\|/ { exit }
	on && /Service/ {
		gsub(/[` ]/, "")
		for (i = 3; i <= 6; i++) {
			count = split($i, methods, ",")
			for (j = 1; j <= count; j++)
				print $2 "/" methods[j], i - 3
		}
	}' docs/api.md | sort >"$work/documented"
holding reader lectern describe | grep -oE '^  [A-Za-z]+Service/[A-Za-z]+$' | tr -d ' ' | sort >"$work/schema"
cut -d' ' -f1 "$work/documented" | diff - "$work/schema" || complain 'docs/api.md has other methods than the schema'
[ "$(wc -l <"$work/schema")" -ge 40 ] || complain 'the schema has only a few methods'
while read -r method needed; do
	scope=0
	for who in nobody reader writer admin; do
		status=0
		if [ "$who" = nobody ]; then
			lectern call "lectern.v1.$method" '{}' >"$work/out" 2>&1 </dev/null || status=$?
		else
			holding "$who" lectern call "lectern.v1.$method" '{}' >"$work/out" 2>&1 </dev/null || status=$?
		fi
		got=allowed want=allowed
		[ "$status" != 80 ] || got=UNAUTHENTICATED
		[ "$status" != 71 ] || got=PERMISSION_DENIED
		if [ "$scope" -lt "$needed" ]; then
			want=PERMISSION_DENIED
			[ "$who" != nobody ] || want=UNAUTHENTICATED
		fi
		[ "$got" = "$want" ] || complain "$method by $who: $got, not $want: $(head -n 2 "$work/out")"
		scope=$((scope + 1))
	done
done <"$work/documented"

# What is told.
expect 80 '' 'name the file that holds your token with --token-file or LECTERN_TOKEN_FILE' lectern info
expect 80 '' TOKEN_EXPIRED holding former lectern info
expect 80 '' "the token 'former' has expired" holding former lectern info
expect 80 '' 'does not know the token' holding first lectern info
sed 's/.$/x/' "$work/secret/reader" >"$work/secret/mistyped"
expect 80 '' 'no whole token' holding mistyped lectern info
expect 71 '' "needs a token of the scope write, and 'reader' has the scope read" \
	holding reader lectern post create --title x
expect 0 'Created post' '' lectern --token-file "$work/secret/writer" post create --title x
expect 0 SERVING '' lectern health

# All that the tool does.
expect 71 '' 'needs a token of the scope write' holding reader lectern import jsonl --strict deploy/sample/*.jsonl
expect 0 '' '' holding writer lectern import jsonl deploy/sample/*.jsonl
expect 0 '' '' holding reader lectern export jsonl
expect 71 '' SCOPE_INSUFFICIENT holding writer lectern backup
expect 0 '' '' holding admin lectern backup
expect 0 '' '' holding admin lectern check
printf '%s\n' '{"method": "PostService/ListPosts"}' \
	'{"method": "PostService/CreatePost", "request": {"post": {"title": "b"}}}' >"$work/lines"
holding reader lectern batch "$work/lines" >"$work/said/batch" 2>&1 || true
grep -q '"code": *7' "$work/said/batch" || complain "a batch: $(head -n 3 "$work/said/batch")"
grep -q totalSize "$work/said/batch" || complain "a batch reads nothing: $(head -n 3 "$work/said/batch")"

# Tokens come and go while calls are made; those that stay are not touched.
(
	trap 'exit 0' TERM
	while :; do
		holding reader lectern info >/dev/null 2>"$work/said/loop" || echo "$?" >>"$work/refused"
	done
) &
others+=($!)
for i in 1 2 3; do
	make "new-$i" read
	expect 80 '' TOKEN_INVALID holding "new-$i" lectern info
	reload 'the tokens were read again'
	expect 0 version '' holding "new-$i" lectern info
	expect 0 '' '' lectern token revoke "new-$i"
	expect 0 version '' holding "new-$i" lectern info
	reload 'the tokens were read again'
	expect 80 '' TOKEN_INVALID holding "new-$i" lectern info
done
cp "$work/tokens" "$work/good"
echo nonsense >>"$work/tokens"
reload 'the tokens stay as they were'
grep -qF "$work/tokens:$(wc -l <"$work/tokens"): must be NAME SCOPE ID HASH" "$work/log" || complain 'the log does not tell where'
expect 0 version '' holding reader lectern info
rm "$work/tokens"
reload 'the tokens stay as they were'
expect 0 version '' holding reader lectern info
cp "$work/good" "$work/tokens"
kill "${others[0]}"
wait "${others[0]}" || true
others=()
[ ! -e "$work/refused" ] || complain "calls with a token that stays were refused: $(sort "$work/refused" | uniq -c)"

# A watch: its token is replaced without a restart; when it is revoked, the answer that it waits for
# still comes, and then the end.
make watcher read
make second read
reload 'the tokens were read again'
cp "$work/secret/watcher" "$work/secret/current"
holding current lectern -o jsonl watch >"$work/said/watch.out" 2>"$work/said/watch.err" </dev/null &
watch=$!
others+=("$watch")
changes() { # COUNT: waits until the watch has so many
	local end=$((SECONDS + 60))
	until [ "$(wc -l <"$work/said/watch.out")" -ge "$1" ]; do
		[ "$SECONDS" -lt "$end" ] || die "the watch has no $1 changes: $(cat "$work/said/watch.err")"
		sleep 0.05
	done
}
write() {
	holding writer lectern post create --title "$1" >/dev/null
}
until [ "$(holding reader lectern -o json stats | jq -r '.changeWaiters // "0"')" -gt 0 ]; do sleep 0.05; done
write one
changes 1
cp "$work/secret/second" "$work/secret/current"
expect 0 '' '' lectern token revoke watcher
reload 'the tokens were read again'
write two
changes 2
write three
changes 3
until [ "$(holding reader lectern -o json stats | jq -r '.changeWaiters // "0"')" -gt 0 ]; do sleep 0.05; done
tr '\0' '\n' <"/proc/$watch/cmdline" >"$work/said/cmdline"
tr '\0' '\n' <"/proc/$watch/environ" >"$work/said/environ"
tr '\0' '\n' <"/proc/$server/cmdline" >>"$work/said/cmdline"
expect 0 '' '' lectern token revoke second
reload 'the tokens were read again'
write four
changes 4
status=0
wait "$watch" || status=$?
others=()
[ "$status" = 80 ] || complain "a watch with a revoked token: status $status"
grep -q TOKEN_INVALID "$work/said/watch.err" || complain "a watch with a revoked token: $(cat "$work/said/watch.err")"

# Nobody may call.
cp "$work/tokens" "$work/good"
: >"$work/tokens"
reload 'has no token that is valid, so nobody may call'
expect 80 '' TOKEN_INVALID holding admin lectern info
stop
cp "$work/good" "$work/tokens"

# Without --tokens nobody is asked, and a token does no harm.
unset LECTERND_TOKENS
start
expect 0 version '' lectern info
expect 0 version '' holding former lectern info
reload 'options read again'
stop

# No token, and no secret part of one, where it does not belong.
for file in "$work"/secret/*; do
	secret=$(cut -d_ -f3 "$file")
	[ "${#secret}" = 72 ] || complain "$file is no token"
	for part in "$secret" "${secret:0:24}" "${secret:40:24}"; do
		! grep -rlF -- "$part" "$work/said" "$work/tokens" "$work/data" || complain "$file was given away"
	done
done
[ "$(find "$work/said" -type f | wc -l)" -ge 60 ] || complain 'too little was searched'
exit $failed
