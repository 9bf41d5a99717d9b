#include "site/links.h"

#include "base/rfc3339.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <times.h>

enum { HOST_BYTES_MAX = 255 };

/* What placeholders stand for. */
struct values {
	const char *kind;
	const char *slug;
	uint64_t id;
	struct civil_date date;
};

static const char *const post_places[] = { "slug", "id", "year", "month", "day", NULL };
static const char *const term_places[] = { "kind", "slug", "id", NULL };

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Printable ASCII without what no URL may hold. */
static bool is_url_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`|", *c) != NULL)
			return false;
	return true;
}

enum code site_check_base_url(const char *url, struct error *err)
{
	const char *host = has_prefix(url, "https://")	? url + strlen("https://")
			   : has_prefix(url, "http://") ? url + strlen("http://")
							: NULL;
	if (host == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"'%s' is no address of a web site; write for example "
			"https://example.org/blog",
			url);
	size_t size = strlen(url);
	size_t host_bytes = strcspn(host, "/?#");
	if (size > SITE_TEMPLATE_BYTES_MAX || host_bytes == 0 || host_bytes > HOST_BYTES_MAX ||
		(!isalnum((unsigned char)host[0]) && host[0] != '['))
		return fail(err, CODE_INVALID_ARGUMENT, "'%.*s' names no host",
			SITE_TEMPLATE_BYTES_MAX / 2, url);
	if (!is_url_text(url) || strpbrk(url, "?#{}@") != NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"'%s' has a character that it may not have; write scheme, host and path "
			"only",
			url);
	if (url[size - 1] == '/')
		return fail(
			err, CODE_INVALID_ARGUMENT, "'%s' ends with a slash; leave it out", url);
	return CODE_OK;
}

/* The placeholder at a "{"; NULL if it is none of them. */
static const char *find_place(const char *at, const char *const *places)
{
	size_t size = strcspn(at + 1, "}");
	if (at[size + 1] == '\0')
		return NULL;
	for (; *places != NULL; places++)
		if (strlen(*places) == size && strncmp(at + 1, *places, size) == 0)
			return *places;
	return NULL;
}

static enum code check_path(
	const char *path, const char *const *places, const char *example, struct error *err)
{
	bool own = false;
	if (path[0] != '/' || strlen(path) > SITE_TEMPLATE_BYTES_MAX || !is_url_text(path) ||
		strchr(path, '#') != NULL)
		return fail(err, CODE_INVALID_ARGUMENT, "'%.200s' is no path; write for example %s",
			path, example);
	for (const char *c = path; *c != '\0'; c++) {
		const char *place = *c == '{' ? find_place(c, places) : NULL;
		if ((*c == '{' && place == NULL) || *c == '}')
			return fail(err, CODE_INVALID_ARGUMENT,
				"'%s' has a placeholder that there is not; write for example %s",
				path, example);
		if (place == NULL)
			continue;
		own = own || strcmp(place, "slug") == 0 || strcmp(place, "id") == 0;
		c += strlen(place) + 1;
	}
	if (!own)
		return fail(err, CODE_INVALID_ARGUMENT,
			"'%s' is the same for all; it needs {slug} or {id}, for example %s", path,
			example);
	return CODE_OK;
}

enum code site_check_post_path(const char *path, struct error *err)
{
	return check_path(path, post_places, "/posts/{slug}", err);
}

enum code site_check_term_path(const char *path, struct error *err)
{
	return check_path(path, term_places, "/{kind}/{slug}", err);
}

static bool is_unreserved(uint8_t c)
{
	return isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void site_put_encoded(struct buffer *out, const char *text)
{
	for (const uint8_t *at = (const uint8_t *)text; *at != '\0'; at++) {
		if (*at < 0x80 && is_unreserved(*at))
			buffer_append_char(out, (char)*at);
		else
			buffer_printf(out, "%%%02X", *at);
	}
}

static void put_place(struct buffer *out, const char *place, const struct values *values)
{
	if (strcmp(place, "slug") == 0)
		site_put_encoded(out, values->slug);
	else if (strcmp(place, "id") == 0)
		buffer_printf(out, "%" PRIu64, values->id);
	else if (strcmp(place, "kind") == 0)
		buffer_append_text(out, values->kind);
	else if (strcmp(place, "year") == 0)
		buffer_printf(out, "%04d", values->date.year);
	else if (strcmp(place, "month") == 0)
		buffer_printf(out, "%02u", values->date.month);
	else
		buffer_printf(out, "%02u", values->date.day);
}

/* The template was checked. */
static void put_template(struct buffer *out, const char *base_url, const char *path,
	const char *const *places, const struct values *values)
{
	buffer_append_text(out, base_url);
	for (const char *c = path; *c != '\0'; c++) {
		const char *place = *c == '{' ? find_place(c, places) : NULL;
		if (place == NULL) {
			buffer_append_char(out, *c);
			continue;
		}
		put_place(out, place, values);
		c += strlen(place) + 1;
	}
}

void site_put_post_url(
	const struct site_links *links, const Lectern__V1__Post *post, struct buffer *out)
{
	if (post->canonical_url[0] != '\0') {
		buffer_append_text(out, post->canonical_url);
		return;
	}
	int64_t time_us = post->publish_time == NULL ? 0 : timestamp_to_us(post->publish_time);
	const struct values values = {
		.slug = post->slug, .id = post->id, .date = civil_date_of(time_us)
	};
	put_template(out, links->base_url, links->post_path, post_places, &values);
}

const char *site_term_name(enum site_term kind)
{
	switch (kind) {
	case SITE_TAG:
		return "tag";
	case SITE_CATEGORY:
		return "category";
	case SITE_AUTHOR:
		break;
	}
	return "author";
}

void site_put_term_url(const struct site_links *links, enum site_term kind, uint64_t id,
	const char *slug, struct buffer *out)
{
	const struct values values = { .kind = site_term_name(kind), .slug = slug, .id = id };
	put_template(out, links->base_url, links->term_path, term_places, &values);
}
