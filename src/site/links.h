/*
 * The addresses of a web site that shows what Lectern keeps: its posts and the archives of its
 * terms, from templates. Lectern serves no pages itself; feeds and sitemaps point to them.
 */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

#include <lectern/v1/post.pb-c.h>

enum site_term { SITE_TAG, SITE_CATEGORY, SITE_AUTHOR };

enum { SITE_TEMPLATE_BYTES_MAX = 512 };

/* All borrowed. */
struct site_links {
	const char *base_url; /* "https://example.org/blog", without a slash at the end */
	/* Paths behind base_url. "{slug}" and "{id}" stand for those of the post, "{year}",
	 * "{month}" and "{day}" for its publish time in UTC. */
	const char *post_path;
	/* "{kind}" stands for tag, category or author, "{slug}" and "{id}" for those of the term.
	 */
	const char *term_path;
};

/* INVALID_ARGUMENT unless it is "http://HOST..." or "https://HOST..." without a slash at the end,
 * a query or a fragment. */
enum code site_check_base_url(const char *url, struct error *err) NODISCARD;

/* INVALID_ARGUMENT unless it begins with a slash, has only the placeholders above and one that
 * makes the address the post's or term's own: {slug} or {id}. */
enum code site_check_post_path(const char *path, struct error *err) NODISCARD;
enum code site_check_term_path(const char *path, struct error *err) NODISCARD;

/* Appends the address: the post's canonical URL if it has one, else by the template. What URLs
 * cannot hold is percent-encoded (RFC 3986); nothing is escaped for XML. */
void site_put_post_url(
	const struct site_links *links, const Lectern__V1__Post *post, struct buffer *out);
void site_put_term_url(const struct site_links *links, enum site_term kind, uint64_t id,
	const char *slug, struct buffer *out);

/* "tag", "category" or "author". */
const char *site_term_name(enum site_term kind);

/* Appends text with all but RFC 3986's unreserved characters percent-encoded. */
void site_put_encoded(struct buffer *out, const char *text);
