/* The HTTP listener, and what is served there for web sites. */
#include "server/option_table.h"
#include "site/links.h"

static const struct option_row rows[] = {
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
