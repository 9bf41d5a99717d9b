/*
 * What a web site needs of its content service beside its pages: feeds for readers and sitemaps for
 * search engines. The site passes these paths on to the server.
 *
 *   /feeds/all.atom                          the newest posts
 *   /feeds/{tag|category|author}/SLUG.atom   those of a term
 *   /sitemap.xml                             everything, or an index of the following
 *   /sitemap/terms.xml, /sitemap/YYYY-MM.xml, /sitemap/YYYY-MM-DD.xml
 */
#pragma once
#include "http/route.h"
#include "site/links.h"

enum {
	SITE_FEED_PAGE_SIZE = 20,
	SITE_FEED_PAGE_SIZE_MAX = 100,
	SITE_SITEMAP_POSTS_MAX = 10000, /* for struct site_pages */
	SITE_ROUTES = 5,
};

/* All borrowed. */
struct site_pages {
	/* base_url NULL: what the request says that it came to. */
	struct site_links links;
	const char *title; /* of the site */
	bool open;	   /* no token is needed */
	/* A site with more posts has an index instead of one sitemap, with a document for each
	 * month. */
	uint64_t sitemap_posts_max;
};

/* A page's view of its request. */
struct site_request {
	struct http_request request; /* a copy that calls are made for */
	struct site_links links;     /* complete */
	const char *title;
};

void site_routes(const struct site_pages *pages, struct http_route out[SITE_ROUTES]);

/* INVALID_ARGUMENT where the address has to come from a Host header that names none. */
enum code site_request_init(const struct site_pages *pages, const struct http_request *request,
	struct site_request *ret, struct error *err) NODISCARD;

/* Handlers; the context is a struct site_pages. */
enum code site_feed_of_all(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err) NODISCARD;
enum code site_feed_of_term(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err) NODISCARD;
enum code site_sitemap(void *context, const struct http_request *request, struct http_reply *reply,
	struct error *err) NODISCARD;
enum code site_sitemap_of_terms(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err) NODISCARD;
enum code site_sitemap_of_dates(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err) NODISCARD;
