#include "cli/post_fields.h"

#include "base/limits.h"
#include "cli/post_text.h"
#include "codec/json_forms.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A line for each line of the value; `key` stands before each of them. */
static void append_lines(struct buffer *out, const char *name, const char *key, const char *value)
{
	do {
		size_t size = strcspn(value, "\n");
		buffer_printf(out, "%s: %s", name, key);
		buffer_append(out, value, size);
		buffer_append_char(out, '\n');
		value += size + (value[size] == '\n');
	} while (*value != '\0');
}

static void append_text(struct buffer *out, const char *name, const char *value)
{
	if (*value != '\0')
		append_lines(out, name, "", value);
}

static void append_time(
	struct buffer *out, const char *name, const Google__Protobuf__Timestamp *time)
{
	char text[FORM_TEXT_BYTES];
	if (time != NULL && timestamp_print(time, text))
		append_text(out, name, text);
}

/* "python (Python)": another name is a change, too. */
static void append_named(
	struct buffer *out, const char *field, const char *slug, const char *name, uint32_t part)
{
	struct buffer value;
	buffer_init(&value, out->max_bytes);
	buffer_printf(&value, "%s (%s)", slug, name);
	if (part > 0)
		buffer_printf(&value, ", part %" PRIu32, part);
	const char *text = buffer_text(&value);
	if (text != NULL)
		append_text(out, field, text);
	else
		out->overflow = true;
	buffer_done(&value);
}

static void append_terms(
	struct buffer *out, const char *name, Lectern__V1__TermRef *const *terms, size_t count)
{
	for (size_t i = 0; i < count; i++)
		append_named(out, name, terms[i]->slug, terms[i]->name, 0);
}

static void title(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_text(out, name, post->title);
}

static void slug(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_text(out, name, post->slug);
}

static void excerpt(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_text(out, name, post->excerpt);
}

static void state(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_text(out, name, state_text(post->state));
}

static void publish_time(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_time(out, name, post->publish_time);
}

static void expire_time(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_time(out, name, post->expire_time);
}

static void delete_time(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_time(out, name, post->delete_time);
}

static void tags(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_terms(out, name, post->tags, post->n_tags);
}

static void categories(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_terms(out, name, post->categories, post->n_categories);
}

static void authors(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_terms(out, name, post->authors, post->n_authors);
}

static void series(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	const Lectern__V1__SeriesRef *ref = post->series;
	if (ref != NULL)
		append_named(out, name, ref->slug, ref->name, ref->part);
}

static void language(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_text(out, name, post->language);
}

static void featured(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_text(out, name, post->featured ? "true" : "");
}

static void cover_image_url(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_text(out, name, post->cover_image_url);
}

static void canonical_url(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	append_text(out, name, post->canonical_url);
}

static void attributes(struct buffer *out, const char *name, const Lectern__V1__Post *post)
{
	for (size_t i = 0; i < post->n_attributes; i++) {
		char key[LIMIT_ATTRIBUTE_KEY_BYTES + 2];
		snprintf(key, sizeof key, "%s=", post->attributes[i]->key);
		append_lines(out, name, key, post->attributes[i]->value);
	}
}

#define FIELD(name) \
	{ \
#name, name \
	}
const struct post_field post_fields[] = {
	FIELD(title),
	FIELD(slug),
	FIELD(excerpt),
	FIELD(state),
	FIELD(publish_time),
	FIELD(expire_time),
	FIELD(delete_time),
	FIELD(tags),
	FIELD(categories),
	FIELD(authors),
	FIELD(series),
	FIELD(language),
	FIELD(featured),
	FIELD(cover_image_url),
	FIELD(canonical_url),
	FIELD(attributes),
};
const size_t post_field_count = sizeof post_fields / sizeof *post_fields;
