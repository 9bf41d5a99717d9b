# A page of a tag's archive as JSON over HTTP, beside WordPress' REST API. It needs root and, the first
# time, a mirror of Debian: see tests/bench/wordpress.md.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with run.sh and the peers
row_title='An archive page of 10 posts as JSON over HTTP/1.1, beside WordPress REST, 8 connections x 1 in flight'
row_target='none'
row_contestants=(lecternd lecternd_uncached wordpress)
row_ours=(lecternd lecternd_uncached)
row_programs=(h2load curl debootstrap unshare)
. tests/bench/peers/lecternd.sh
. tests/bench/peers/loopback.sh
. tests/bench/peers/posts.sh
. tests/bench/peers/wordpress.sh

row_missing() {
	[ "$(id -u)" -eq 0 ] || printf 'root '
	[ -n "${LECTERN_BENCH_WORDPRESS:-}" ] || printf 'LECTERN_BENCH_WORDPRESS=1 '
}

row_prepare() {
	prepare_posts
	serve_lecternd "$data"
	lectern -o jsonl post list --all --view full >"$bench_work/posts.jsonl"
	stop_servers
	prepare_wordpress "$bench_work/posts.jsonl"
	jq -r '.view = "POST_VIEW_HTML" | "/lectern.v1.ArchiveService/GetArchive?connect=v1&encoding=json&message=" +
		(tojson | @uri)' "$bench_work/archive.jsonl" >"$bench_work/lectern.paths"
	jq -r --slurpfile tags "$bench_work/tags.json" '"/?rest_route=/wp/v2/posts&tags=\($tags[0][.term.slug])" +
		"&per_page=10&_embed=author,wp:term"' "$bench_work/archive.jsonl" >"$bench_work/wordpress.paths"
}

# addresses ORIGIN FILE: the paths of the file there, in $bench_work/addresses.
addresses() {
	sed "s|^|$1|" "$2" >"$bench_work/addresses"
}

# start_http OPTION...: lecternd, and the addresses that it is asked for.
start_http() {
	serve_lecternd "$data" --http 127.0.0.1:0 "$@"
	lecternd_http=$(sed -n 's/.*"msg":"ready".*"http":"\([^" ]*\).*/\1/p' "$bench_work/lecternd.log")
	addresses "$lecternd_http" "$bench_work/lectern.paths"
}
lecternd_start() {
	start_http
}
lecternd_uncached_start() {
	start_http --reply-cache 0
}
lecternd_load() {
	load_http "$1" 8 "$bench_work/addresses"
}
wordpress_start() {
	start_wordpress
	addresses "http://127.0.0.1:$wordpress_port" "$bench_work/wordpress.paths"
	# Its scripts are compiled then, too.
	[ "$(curl -sS --max-time 60 --globoff "$(head -n 1 "$bench_work/addresses")" | jq length)" = 10 ] ||
		die "WordPress answers no page of ten posts: $(tail -n 3 "$bench_work/wordpress.log")"
}
wordpress_load() {
	load_http "$1" 8 "$bench_work/addresses"
}
