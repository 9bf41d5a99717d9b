/*
 * Sitemaps (sitemaps.org, protocol 0.9): the addresses of a site for search engines. One document
 * holds at most 50,000 addresses and 50 MB, an index names others.
 */
#pragma once
#include "site/links.h"

enum { SITEMAP_URLS_MAX = 50000 };

/* A <urlset>. */
void sitemap_begin(struct buffer *out);
void sitemap_put_home(const struct site_links *links, struct buffer *out);
void sitemap_put_post(
	const struct site_links *links, const Lectern__V1__Post *post, struct buffer *out);
void sitemap_put_term(const struct site_links *links, enum site_term kind, uint64_t id,
	const char *slug, struct buffer *out);
void sitemap_end(struct buffer *out);

/* A <sitemapindex>: addresses of further documents. */
void sitemap_index_begin(struct buffer *out);
void sitemap_index_put(const char *url, struct buffer *out);
void sitemap_index_end(struct buffer *out);
