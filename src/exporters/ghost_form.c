#include "exporters/ghost_form.h"

#include "base/rfc3339.h"
#include "codec/json.h"
#include "exporters/ghost_relations.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <times.h>

/* Characters that Ghost 5 takes (ghost/core/core/server/data/schema/schema.js). */
enum {
	TITLE_CHARACTERS = 255,
	SLUG_CHARACTERS = 191,
	NAME_CHARACTERS = 191,
	EXCERPT_CHARACTERS = 300,
	DESCRIPTION_CHARACTERS = 500,
	BIO_CHARACTERS = 200,
	URL_CHARACTERS = 2000,
	LOCALE_CHARACTERS = 6,
};

/* First digits of ids, which in Ghost are 24 hexadecimal ones: what they are of. */
enum {
	TAGS_PREFIX = 0x4C670001,
	USERS_PREFIX,
	POSTS_PREFIX,
	POSTS_TAGS_PREFIX,
	POSTS_AUTHORS_PREFIX
};

static void print_id(unsigned prefix, uint64_t id, struct buffer *out)
{
	buffer_printf(out, "\"%08x%016" PRIx64 "\"", prefix, id);
}

static void print_term_id(uint64_t term, struct buffer *out)
{
	bool is_author = ghost_term_is_author(term);
	print_id(is_author ? USERS_PREFIX : TAGS_PREFIX, is_author ? term & UINT64_MAX >> 8 : term,
		out);
}

/* At most so many characters of a text. */
static struct slice cut(const char *text, size_t characters)
{
	size_t size = 0;
	while (text[size] != '\0') {
		bool is_start = ((unsigned char)text[size] & 0xC0) != 0x80;
		if (is_start && characters-- == 0)
			break;
		size++;
	}
	return slice_of(text, size);
}

static void print_member(const char *key, struct slice value, struct buffer *out)
{
	buffer_printf(out, ",\"%s\":", key);
	if (value.size == 0)
		buffer_append_text(out, "null");
	else
		json_print_text(value, out);
}

static void print_text(const char *key, const char *value, size_t characters, struct buffer *out)
{
	print_member(key, cut(value, characters), out);
}

/* Half an address leads nowhere. */
static void print_url(const char *key, const char *url, struct buffer *out)
{
	print_member(key, slice_of_text(strlen(url) > URL_CHARACTERS ? "" : url), out);
}

/* "2024-01-02T03:04:05.678Z" */
static void print_time(const char *key, const Google__Protobuf__Timestamp *time, struct buffer *out)
{
	buffer_printf(out, ",\"%s\":", key);
	if (time == NULL) {
		buffer_append_text(out, "null");
		return;
	}
	char text[RFC3339_BYTES];
	rfc3339_format(time->seconds * 1000000, text);
	buffer_printf(out, "\"%.19s.%03dZ\"", text, time->nanos / 1000000);
}

void ghost_print_tag(const struct ghost_tag *tag, struct buffer *out)
{
	buffer_append_text(out, "{\"id\":");
	print_term_id(tag->id, out);
	print_text("name", tag->name, NAME_CHARACTERS, out);
	print_text("slug", tag->slug, SLUG_CHARACTERS, out);
	print_text("description", tag->description, DESCRIPTION_CHARACTERS, out);
	buffer_printf(out, ",\"visibility\":\"%s\"", tag->name[0] == '#' ? "internal" : "public");
	print_time("created_at", tag->create_time, out);
	print_time("updated_at", tag->update_time, out);
	buffer_append_char(out, '}');
}

/* RFC 2606 keeps .invalid free, so that no mail goes anywhere. Slugs may be in any script and too
 * long for the part before the '@' (64 bytes). */
static void print_email(const Lectern__V1__Author *author, struct buffer *out)
{
	bool is_plain = author->slug[0] != '\0' && strlen(author->slug) <= 64 &&
			author->slug[0] != '.' && strstr(author->slug, "..") == NULL &&
			author->slug[strlen(author->slug) - 1] != '.';
	for (const unsigned char *c = (const unsigned char *)author->slug; *c != '\0'; c++)
		is_plain = is_plain && *c < 0x80;
	if (is_plain)
		buffer_printf(out, ",\"email\":\"%s@example.invalid\"", author->slug);
	else
		buffer_printf(out, ",\"email\":\"author-%" PRIu64 "@example.invalid\"", author->id);
}

void ghost_print_user(const Lectern__V1__Author *author, struct buffer *out)
{
	buffer_append_text(out, "{\"id\":");
	print_term_id(ghost_term_id(EXPORT_AUTHOR, author->id), out);
	print_text("name", author->name, NAME_CHARACTERS, out);
	print_text("slug", author->slug, SLUG_CHARACTERS, out);
	print_email(author, out);
	print_url("profile_image", author->avatar_url, out);
	print_text("bio", author->description, BIO_CHARACTERS, out);
	print_url("website", author->url, out);
	print_time("created_at", author->create_time, out);
	print_time("updated_at", author->update_time, out);
	buffer_append_char(out, '}');
}

/* The uuid that a post came from Ghost with. */
static bool find_uuid(const char *origin, struct slice *ret)
{
	static const char form[] = "ghost:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	if (strlen(origin) != sizeof form - 1 || strncmp(origin, form, 6) != 0)
		return false;
	for (size_t i = 6; form[i] != '\0'; i++)
		if (form[i] == '-' ? origin[i] != '-'
				   : strchr("0123456789abcdefABCDEF", origin[i]) == NULL)
			return false;
	*ret = slice_of_text(origin + 6);
	return true;
}

/* One for a post that was written here: from its id and when it was made, so that it is the same in
 * every export and another one on another server; in the form of version 5 of RFC 4122. */
static void make_uuid(const Lectern__V1__Post *post, char uuid[40])
{
	char name[80];
	uint8_t b[16];
	int64_t seconds = post->create_time == NULL ? 0 : post->create_time->seconds;
	int nanos = post->create_time == NULL ? 0 : post->create_time->nanos;
	int size = snprintf(name, sizeof name, "lectern post %" PRIu64 " %" PRId64 ".%09d",
		post->id, seconds, nanos);
	crypto_generichash(b, sizeof b, (const uint8_t *)name, (size_t)size, NULL, 0);
	b[6] = (uint8_t)((b[6] & 0x0F) | 0x50);
	b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
	snprintf(uuid, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		b[13], b[14], b[15]);
}

static const char *status_of(Lectern__V1__PostState state)
{
	if (state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED)
		return "published";
	return state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED ? "scheduled" : "draft";
}

void ghost_print_post(const Lectern__V1__Post *post, struct buffer *out)
{
	char made[40];
	struct slice uuid;
	if (!find_uuid(post->origin, &uuid)) {
		make_uuid(post, made);
		uuid = slice_of_text(made);
	}
	bool is_html = post->body_format == LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML;
	bool has_locale = strlen(post->language) <= LOCALE_CHARACTERS;
	buffer_append_text(out, "{\"id\":");
	print_id(POSTS_PREFIX, post->id, out);
	print_member("uuid", uuid, out);
	print_text("title", post->title, TITLE_CHARACTERS, out);
	print_text("slug", post->slug, SLUG_CHARACTERS, out);
	buffer_append_text(out, ",\"html\":");
	json_print_text(slice_of_text(is_html ? post->body : post->html), out);
	print_url("feature_image", post->cover_image_url, out);
	buffer_printf(out, ",\"featured\":%d,\"type\":\"post\",\"status\":\"%s\"", post->featured,
		status_of(post->state));
	print_member("locale", slice_of_text(has_locale ? post->language : ""), out);
	buffer_append_text(out, ",\"visibility\":\"public\"");
	print_time("created_at", post->create_time, out);
	print_time("updated_at", post->update_time, out);
	print_time("published_at", post->publish_time, out);
	print_text("custom_excerpt", post->excerpt, EXCERPT_CHARACTERS, out);
	print_url("canonical_url", post->canonical_url, out);
	buffer_append_char(out, '}');
}

void ghost_print_relation(
	uint64_t post, uint64_t term, uint32_t order, uint64_t number, struct buffer *out)
{
	bool is_author = ghost_term_is_author(term);
	buffer_append_text(out, "{\"id\":");
	print_id(is_author ? POSTS_AUTHORS_PREFIX : POSTS_TAGS_PREFIX, number, out);
	buffer_append_text(out, ",\"post_id\":");
	print_id(POSTS_PREFIX, post, out);
	buffer_printf(out, ",\"%s\":", is_author ? "author_id" : "tag_id");
	print_term_id(term, out);
	buffer_printf(out, ",\"sort_order\":%" PRIu32 "}", order);
}
