/* The HTTP listener, and what is served there for web sites. */
#include "server/address.h"
#include "server/option_table.h"
#include "site/links.h"

enum { CONNECTIONS_MAX = 60000 };

static const struct option_row rows[] = {
	{ .name = "http",
		.argument = "ADDRESS",
		.help = "Address for HTTP: calls by the Connect protocol, feeds, sitemaps, probes "
			"and "
			"metrics. HOST:PORT, with http:// or https:// in front; port 0 takes a "
			"free "
			"one",
		.absent = "no HTTP",
		OPTION_LIST_FIELD(http),
		.check = address_check_http,
		.places = OPTION_ANYWHERE },
	{ .name = "http-connections",
		.argument = "N",
		.help = "The most connections to each address of --http; half as many from one "
			"address of a client",
		.initial = "1024",
		OPTION_NUMBER_FIELD(http_connections),
		.least = 2,
		.most = CONNECTIONS_MAX,
		.places = OPTION_ANYWHERE },
	{ .name = "http-max-age",
		.argument = "TIME",
		.help = "How long caches may use an answer without asking whether it is still true "
			"(Cache-Control); 0 lets them ask each time",
		.initial = "0",
		OPTION_DURATION_FIELD(http_max_age_us),
		.most = 365 * OPTION_DAY,
		.places = OPTION_ANYWHERE },
	{ .name = "http-cors-origin",
		.argument = "ORIGIN",
		.help = "A web site whose scripts may call from browsers (CORS), for example "
			"https://example.org, or * for any",
		.absent = "none may",
		OPTION_LIST_FIELD(http_cors_origin),
		.check = address_check_origin,
		.places = OPTION_ANYWHERE },
	{ .name = "site-url",
		.argument = "URL",
		.help = "Address of the web site that shows the posts, for feeds and sitemaps, for "
			"example https://example.org/blog",
		.absent = "what the request has as Host",
		OPTION_TEXT_FIELD(site_url),
		.check = site_check_base_url,
		.places = OPTION_ANYWHERE },
	{ .name = "site-title",
		.argument = "TEXT",
		.help = "Title of the web site, for feeds",
		.initial = "Lectern",
		OPTION_TEXT_FIELD(site_title),
		.places = OPTION_ANYWHERE },
	{ .name = "site-post-path",
		.argument = "PATH",
		.help = "Where the site has a post, behind --site-url, with {slug}, {id}, {year}, "
			"{month} and {day} in it",
		.initial = "/{slug}",
		OPTION_TEXT_FIELD(site_post_path),
		.check = site_check_post_path,
		.places = OPTION_ANYWHERE },
	{ .name = "site-term-path",
		.argument = "PATH",
		.help = "Where the site has the archive of a term, behind --site-url, with {kind} "
			"(tag, category or author), {slug} and {id} in it",
		.initial = "/{kind}/{slug}",
		OPTION_TEXT_FIELD(site_term_path),
		.check = site_check_term_path,
		.places = OPTION_ANYWHERE },
	{ .name = "public-feeds",
		.help = "Serve feeds and sitemaps to those without a token, too",
		.initial = "false",
		OPTION_SWITCH_FIELD(public_feeds),
		.places = OPTION_ANYWHERE },
	{ .name = NULL },
};

const struct option_group option_group_http = { .name = "http", .title = "HTTP", .rows = rows };
