#include "exporters/front_matter_fields.h"

#include "base/limits.h"
#include "base/rfc3339.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <times.h>
#include <yaml.h>

/* What the emitter cannot do shows once, at the end. */
struct writer {
	yaml_emitter_t emitter;
	bool failed;
};

static int write_bytes(void *out, unsigned char *bytes, size_t size)
{
	struct buffer *buffer = out;
	buffer_append(buffer, bytes, size);
	return !buffer->overflow;
}

static void emit(struct writer *writer, yaml_event_t *event, int made)
{
	if (!made)
		writer->failed = true;
	else if (writer->failed)
		yaml_event_delete(event);
	else if (!yaml_emitter_emit(&writer->emitter, event))
		writer->failed = true;
}

/* Whether a text without quotes is a text for every reader of YAML: words that begin with a letter,
 * none of them alone a word for yes, no or nothing. */
static bool is_plain(const char *text)
{
	static const char *const words[] = { "y", "n", "yes", "no", "true", "false", "on", "off",
		"null", "inf", "nan" };
	bool letter = false;
	for (const char *c = text; *c != '\0'; c++) {
		letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
		if (!letter && (c == text || (strchr("0123456789 _-", *c) == NULL)))
			return false;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(text, words[i]) == 0)
			return false;
	return text[0] != '\0' && text[strlen(text) - 1] != ' ';
}

static void put_scalar(struct writer *writer, const char *text, bool plain)
{
	yaml_event_t event;
	int made = yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
		(int)strlen(text), 1, 1,
		plain || is_plain(text) ? YAML_PLAIN_SCALAR_STYLE
					: YAML_DOUBLE_QUOTED_SCALAR_STYLE);
	emit(writer, &event, made);
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
	if (text[0] == '\0')
		return;
	put_scalar(writer, key, false);
	put_scalar(writer, text, false);
}

/* A word that YAML reads as something else than a text: a time, a number, true. */
static void put_plain(struct writer *writer, const char *key, const char *word)
{
	put_scalar(writer, key, false);
	put_scalar(writer, word, true);
}

static void put_time(
	struct writer *writer, const char *key, const Google__Protobuf__Timestamp *time)
{
	char text[RFC3339_BYTES];
	if (time == NULL || !timestamp_is_valid(time))
		return;
	rfc3339_format(timestamp_to_us(time), text);
	put_plain(writer, key, text);
}

static void begin_map(struct writer *writer)
{
	yaml_event_t event;
	int made = yaml_mapping_start_event_initialize(
		&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
	emit(writer, &event, made);
}

static void end_map(struct writer *writer)
{
	yaml_event_t event;
	int made = yaml_mapping_end_event_initialize(&event);
	emit(writer, &event, made);
}

static void begin_list(struct writer *writer)
{
	yaml_event_t event;
	int made = yaml_sequence_start_event_initialize(
		&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
	emit(writer, &event, made);
}

static void end_list(struct writer *writer)
{
	yaml_event_t event;
	int made = yaml_sequence_end_event_initialize(&event);
	emit(writer, &event, made);
}

static const char *name_of(const Lectern__V1__TermRef *ref)
{
	return ref->name[0] != '\0' ? ref->name : ref->slug;
}

static void put_names(
	struct writer *writer, const char *key, Lectern__V1__TermRef *const *refs, size_t count)
{
	if (count == 0)
		return;
	put_scalar(writer, key, false);
	begin_list(writer);
	for (size_t i = 0; i < count; i++)
		put_scalar(writer, name_of(refs[i]), false);
	end_list(writer);
}

/* Whether the name alone gives the slug. */
static bool is_usual(const char *slug, const char *name)
{
	char made[LIMIT_SLUG_BYTES + 1];
	text_slug(slice_of_text(name), made, sizeof made);
	return slug[0] == '\0' || strcmp(made, slug) == 0;
}

/* The slugs of names that would get another one. */
static void put_slugs(
	struct writer *writer, const char *key, Lectern__V1__TermRef *const *refs, size_t count)
{
	bool begun = false;
	for (size_t i = 0; i < count; i++) {
		if (is_usual(refs[i]->slug, name_of(refs[i])))
			continue;
		if (!begun) {
			put_scalar(writer, key, false);
			begin_map(writer);
		}
		begun = true;
		put_scalar(writer, name_of(refs[i]), false);
		put_scalar(writer, refs[i]->slug, false);
	}
	if (begun)
		end_map(writer);
}

static void put_series(struct writer *writer, const Lectern__V1__SeriesRef *series)
{
	char part[16];
	if (series == NULL)
		return;
	put_text(writer, "series", series->name[0] != '\0' ? series->name : series->slug);
	if (series->part == 0)
		return;
	snprintf(part, sizeof part, "%u", (unsigned)series->part);
	put_plain(writer, "series_order", part);
}

/* Former slugs as addresses, which Jekyll's plugin redirects from. */
static void put_aliases(struct writer *writer, const Lectern__V1__Post *post)
{
	char address[LIMIT_SLUG_BYTES + 3];
	if (post->n_aliases == 0)
		return;
	put_scalar(writer, "redirect_from", false);
	begin_list(writer);
	for (size_t i = 0; i < post->n_aliases; i++) {
		snprintf(address, sizeof address, "/%s/", post->aliases[i]);
		put_scalar(writer, address, false);
	}
	end_list(writer);
}

/* What no other program knows: that the texts stand as they are, and what has no usual name. */
static void put_own(struct writer *writer, const Lectern__V1__Post *post)
{
	put_scalar(writer, "lectern", false);
	begin_map(writer);
	put_plain(writer, "version", "1");
	put_text(writer, "origin", post->origin);
	put_time(writer, "create_time", post->create_time);
	if (post->series != NULL && post->series->name[0] != '\0' &&
		!is_usual(post->series->slug, post->series->name))
		put_text(writer, "series_slug", post->series->slug);
	put_slugs(writer, "tags_slugs", post->tags, post->n_tags);
	put_slugs(writer, "categories_slugs", post->categories, post->n_categories);
	put_slugs(writer, "authors_slugs", post->authors, post->n_authors);
	if (post->n_attributes > 0) {
		put_scalar(writer, "attributes", false);
		begin_map(writer);
		for (size_t i = 0; i < post->n_attributes; i++) {
			put_scalar(writer, post->attributes[i]->key, false);
			put_scalar(writer, post->attributes[i]->value, false);
		}
		end_map(writer);
	}
	end_map(writer);
}

static void put_fields(struct writer *writer, const Lectern__V1__Post *post)
{
	begin_map(writer);
	put_text(writer, "title", post->title);
	put_text(writer, "slug", post->slug);
	put_time(writer, "date", post->publish_time);
	put_time(writer, "last_modified_at", post->update_time);
	put_time(writer, "expiryDate", post->expire_time);
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_DRAFT)
		put_plain(writer, "draft", "true");
	put_names(writer, "authors", post->authors, post->n_authors);
	put_names(writer, "categories", post->categories, post->n_categories);
	put_names(writer, "tags", post->tags, post->n_tags);
	put_series(writer, post->series);
	put_text(writer, "lang", post->language);
	if (post->featured)
		put_plain(writer, "featured", "true");
	put_text(writer, "image", post->cover_image_url);
	put_text(writer, "canonical_url", post->canonical_url);
	put_aliases(writer, post);
	put_text(writer, "excerpt", post->excerpt);
	put_own(writer, post);
	end_map(writer);
}

static void put_document(struct writer *writer, const Lectern__V1__Post *post)
{
	yaml_event_t event;
	emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
	emit(writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
	put_fields(writer, post);
	emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
	emit(writer, &event, yaml_stream_end_event_initialize(&event));
}

enum code front_matter_write_fields(
	const Lectern__V1__Post *post, struct buffer *out, struct error *err)
{
	struct writer writer = { .failed = false };
	if (!yaml_emitter_initialize(&writer.emitter))
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	yaml_emitter_set_output(&writer.emitter, write_bytes, out);
	yaml_emitter_set_encoding(&writer.emitter, YAML_UTF8_ENCODING);
	yaml_emitter_set_unicode(&writer.emitter, 1);
	yaml_emitter_set_width(&writer.emitter, -1);
	buffer_append_text(out, "---\n");
	put_document(&writer, post);
	buffer_append_text(out, "---\n");
	enum code code = CODE_OK;
	if (writer.failed || out->overflow)
		code = fail(err, CODE_RESOURCE_EXHAUSTED, "write the front matter of '%s': %s",
			post->slug,
			writer.emitter.problem == NULL ? "out of memory" : writer.emitter.problem);
	yaml_emitter_delete(&writer.emitter);
	return code;
}
