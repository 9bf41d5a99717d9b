#!/usr/bin/env bash
# Every option that docs/options.md names: an argument, a variable and a line of a file mean the same,
# a wrong value is refused with its source, and what is generated from the table is what lies here.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
work=$(mktemp -d)
. tests/e2e/server.sh
trap 'kill_servers; rm -rf "$work"' EXIT
export PATH="$bin:$PATH"
for variable in $(env | sed -n 's/^\(LECTERND_[A-Z_]*\)=.*/\1/p'); do unset "$variable"; done

lecternd --print-options >"$work/options.md"
same "docs/options.md (make it by lecternd --print-options)" docs/options.md "$work/options.md"
lecternd --print-sample >"$work/lecternd.ini"
same "deploy/lecternd.ini (make it by lecternd --print-sample)" deploy/lecternd.ini "$work/lecternd.ini"

# value NAME ARGUMENT: one that is neither the default nor wrong; none for an option that is new.
value() {
	case $1 in
	--data | --backup-dir) echo "$work/other" ;;
	--listen | --publish) echo ipc:///tmp/other ;;
	--http) echo 127.0.0.1:0 ;;
	--http-cors-origin) echo https://example.org ;;
	--site-post-path | --site-term-path) echo '/x/{slug}' ;;
	*) case $2 in
		BYTES) echo 2G ;;
		TIME) echo 7s ;;
		N) echo 7 ;;
		FILE) echo "$work/file" ;;
		URL) echo https://example.org ;;
		TEXT) echo words ;;
		'json|text' | FORMAT) echo json ;;
		LEVEL) echo warn ;;
		WHICH) echo all ;;
		'') echo true ;;
		*) die "what is a good value of $1 $2?" ;;
		esac ;;
	esac
}

# effective NAME FILE: the lines of an option in a printed configuration, without their origin.
effective() {
	grep "^$1 = " "$2" || echo "$1 is not set"
}

exercised=0
section=
while IFS='|' read -r _ option variable _; do
	name=${option#*\`--} name=${name%%[ \`]*}
	argument=${option#*"--$name"} argument=${argument%%\`*} argument=${argument//\\/} argument=${argument# }
	variable=${variable//[\` ]/}
	# shellcheck disable=SC2016
	section=$(grep -B200 -F "| \`--$name" docs/options.md | sed -n 's/^Section `\[\(.*\)\]`.$/\1/p' | tail -n 1)
	if [ -z "$variable" ] || [ "$name" = config ]; then continue; fi
	text=$(value "--$name" "$argument")
	others=(--data "$work/data" --insecure)
	[ "$name" != data ] || others=(--insecure)
	[ "$name" != insecure ] || others=(--data "$work/data")
	. tests/e2e/option_needs.sh
	if [ -n "$argument" ]; then
		lecternd "${others[@]}" "--$name" "$text" --print-config >"$work/argument"
	else
		lecternd "${others[@]}" "--$name" --print-config >"$work/argument"
	fi
	env "$variable=$text" lecternd "${others[@]}" --print-config >"$work/variable"
	printf '[%s]\n%s = %s\n' "$section" "$name" "$text" >"$work/file.ini"
	lecternd "${others[@]}" --config "$work/file.ini" --print-config >"$work/file.out"
	for source in argument variable file.out; do
		effective "$name" "$work/$source" >"$work/effective.$source"
		same "$name by $source" "$work/effective.argument" "$work/effective.$source"
	done
	grep -q "^$name = " "$work/effective.argument" || die "$name has no value"
	grep -B1 "^$name = " "$work/argument" | grep -qx "# from --$name" || die "$name: its origin"
	grep -B1 "^$name = " "$work/variable" | grep -qx "# from $variable" || die "$variable: its origin"
	grep -B1 "^$name = " "$work/file.out" | grep -qx "# from $work/file.ini:2" || die "$name: its line"

	# What is printed can be given back and means the same.
	if lecternd --config "$work/file.out" --print-config >"$work/again" 2>"$work/error"; then
		grep -v '^#' "$work/file.out" >"$work/first"
		grep -v '^#' "$work/again" >"$work/second"
		same "$name: the configuration as a file" "$work/first" "$work/second"
	else
		cat "$work/error"
		die "$name: what is printed is no file for --config"
	fi

	# Wrong values, where any text is not right.
	case $argument in
	DIR | FILE | TEXT | PATH) ;;
	*)
		for source in variable file argument; do
			status=0
			case $source in
			variable) env "$variable=%wrong%" lecternd "${others[@]}" --print-config ;;
			file)
				printf '[%s]\n%s = %%wrong%%\n' "$section" "$name" >"$work/wrong.ini"
				lecternd "${others[@]}" --config "$work/wrong.ini" --print-config
				;;
			argument) if [ -n "$argument" ]; then
				lecternd "${others[@]}" "--$name" %wrong% --print-config
			else
				lecternd "${others[@]}" "--$name=%wrong%" --print-config
			fi ;;
			esac >/dev/null 2>"$work/error" || status=$?
			[ "$status" -eq 2 ] || die "$name: a wrong $source ends with $status"
			case $source in
			variable) grep -qF "$variable: " "$work/error" ;;
			file) grep -qF "$work/wrong.ini:2: " "$work/error" ;;
			argument) grep -qF -- "--$name" "$work/error" ;;
			esac || {
				cat "$work/error"
				die "$name: the error does not name its $source"
			}
		done
		;;
	esac
	exercised=$((exercised + 1))
done < <(grep '^| `--' docs/options.md)
[ "$exercised" -ge 10 ] || die "only $exercised options"
echo "$exercised options"

# SIGHUP: what can change does, the rest is named, a wrong file changes nothing.
printf '[log]\nlog-level = info\n' >"$work/run.ini"
start run "ipc://$work/run.sock" --config "$work/run.ini"
wait_for_line() {
	timeout 20 grep -q -m1 "$1" < <(tail -n +1 -f "$work/run.log") || {
		cat "$work/run.log"
		die "no line \"$1\""
	}
}
printf '[log]\nlog-level = warn\n[store]\nmap-size = 2G\n' >"$work/run.ini"
kill -HUP "${servers[-1]}"
wait_for_line '"option":"log-level","before":"info","after":"warn"'
wait_for_line 'needs a restart","option":"map-size","before":"64G","after":"2G"'
printf '[log]\nlog-level = loud\n' >"$work/run.ini"
kill -HUP "${servers[-1]}"
wait_for_line 'all stays as it is'
lectern health >/dev/null
stop
