#include "services/check_fields.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>
#include <times.h>

enum { PATH_BYTES = 64 };

static bool is_blank(const char *text)
{
	char folded[8];
	return text_fold(slice_of_text(text), folded, sizeof folded) == 0;
}

enum code check_line(const char *text, bool required, const char *field, struct error *err)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		/* U+0080 to U+009F are C2 80 to C2 9F. */
		bool c1 = c[0] == 0xC2 && c[1] < 0xA0;
		if (*c < 0x20 || *c == 0x7F || c1)
			return fail_field(err, CODE_INVALID_ARGUMENT, "CONTROL_CHARACTER", field,
				"must be one line without control characters; found 0x%02x",
				c1 ? c[1] : c[0]);
	}
	if (required && is_blank(text))
		return fail_field(
			err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", field, "must not be empty");
	return CODE_OK;
}

enum code check_slug(const char *slug, const char *field, struct error *err)
{
	if (slug[0] == '\0' || text_is_slug(slice_of_text(slug)))
		return CODE_OK;
	char hint[LIMIT_SLUG_BYTES + 1];
	text_slug(slice_of_text(slug), hint, sizeof hint);
	return fail_field(err, CODE_INVALID_ARGUMENT, "SLUG_INVALID", field,
		"a slug is 1 to %d bytes of lower-case letters, digits, '-', '_' and '.', for "
		"example \"%s\"",
		LIMIT_SLUG_BYTES, hint[0] == '\0' ? "my-post" : hint);
}

enum code check_url(const char *url, const char *field, struct error *err)
{
	struct slice text = slice_of_text(url);
	size_t at = text_find_url_invalid(text);
	if (at == text.size)
		return CODE_OK;
	if (at == 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "URL_INVALID", field,
			"must begin with http:// or https://");
	return fail_field(err, CODE_INVALID_ARGUMENT, "URL_INVALID", field,
		"has a character that must be percent-encoded: 0x%02x", text.data[at]);
}

static bool is_key_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

enum code check_attributes(Lectern__V1__Attribute *const *attributes, size_t count,
	const char *prefix, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		char path[PATH_BYTES];
		const char *key = attributes[i]->key;
		attributes[i]->base.n_unknown_fields = 0;
		snprintf(path, sizeof path, "%s.attributes[%zu].key", prefix, i);
		bool valid = key[0] != '\0';
		for (const char *c = key; *c != '\0'; c++)
			valid = valid && is_key_character(*c);
		if (!valid)
			return fail_field(err, CODE_INVALID_ARGUMENT, "KEY_INVALID", path,
				"must be 1 to %d bytes of [A-Za-z0-9_.-]",
				LIMIT_ATTRIBUTE_KEY_BYTES);
		for (size_t j = 0; j < i; j++)
			if (strcmp(attributes[j]->key, key) == 0)
				return fail_field(err, CODE_INVALID_ARGUMENT, "KEY_REPEATED", path,
					"\"%s\" stands in the list twice", key);
	}
	return CODE_OK;
}

static enum code check_refs(Lectern__V1__TermRef *const *refs, size_t count, const char *list,
	bool create_missing, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		char path[PATH_BYTES];
		snprintf(path, sizeof path, "post.%s[%zu]", list, i);
		if (refs[i]->id == 0 && refs[i]->slug[0] == '\0' && is_blank(refs[i]->name))
			return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", path,
				"give an id, a slug or a name");
		enum code code = CODE_OK;
		if (create_missing) {
			snprintf(path, sizeof path, "post.%s[%zu].slug", list, i);
			code = check_slug(refs[i]->slug, path, err);
			snprintf(path, sizeof path, "post.%s[%zu].name", list, i);
		}
		if (code == CODE_OK)
			code = check_line(refs[i]->name, false, path, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

static enum code check_series(const Lectern__V1__SeriesRef *series, struct error *err)
{
	if (series == NULL)
		return CODE_OK;
	if (series->slug[0] == '\0' && is_blank(series->name))
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post.series",
			"give a slug or a name");
	enum code code = check_slug(series->slug, "post.series.slug", err);
	return code == CODE_OK ? check_line(series->name, false, "post.series.name", err) : code;
}

enum code check_language(const char *language, const char *field, struct error *err)
{
	size_t run = 0;
	bool valid = true;
	for (const char *c = language; *c != '\0'; c++) {
		bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			      (*c >= '0' && *c <= '9');
		valid = valid && (letter || (*c == '-' && run > 0 && c[1] != '\0'));
		run = letter ? run + 1 : 0;
		valid = valid && run <= 8;
	}
	if (!valid)
		return fail_field(err, CODE_INVALID_ARGUMENT, "LANGUAGE_INVALID", field,
			"must be a BCP 47 tag, for example \"en\" or \"zh-Hant\"");
	return CODE_OK;
}

enum code check_note(const Lectern__V1__ChangeNote *note, const char *field, struct error *err)
{
	char path[PATH_BYTES];
	if (note == NULL)
		return CODE_OK;
	snprintf(path, sizeof path, "%s.author", field);
	enum code code = check_line(note->author, false, path, err);
	snprintf(path, sizeof path, "%s.summary", field);
	return code == CODE_OK ? check_line(note->summary, false, path, err) : code;
}

enum code check_aliases(char *const *aliases, size_t count, const char *field, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		char path[PATH_BYTES];
		snprintf(path, sizeof path, "%s[%zu]", field, i);
		if (aliases[i][0] == '\0')
			return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", path,
				"must not be empty");
		enum code code = check_slug(aliases[i], path, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

void trim_time(Google__Protobuf__Timestamp *time)
{
	if (time == NULL)
		return;
	time->nanos -= time->nanos % 1000;
	time->base.n_unknown_fields = 0;
}

static enum code check_enums(const Lectern__V1__Post *post, struct error *err)
{
	if (post->state > LECTERN__V1__POST_STATE__POST_STATE_TRASHED || (int)post->state < 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "post.state",
			"%d is no state", (int)post->state);
	if (post->body_format > LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML ||
		(int)post->body_format < 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "post.body_format",
			"%d is no format", (int)post->body_format);
	return CODE_OK;
}

enum code check_post(Lectern__V1__Post *post, bool create_missing_terms, struct error *err)
{
	enum code code = check_enums(post, err);
	if (code == CODE_OK)
		code = check_line(post->title, false, "post.title", err);
	if (code == CODE_OK)
		code = check_slug(post->slug, "post.slug", err);
	if (code == CODE_OK)
		code = check_refs(post->tags, post->n_tags, "tags", create_missing_terms, err);
	if (code == CODE_OK)
		code = check_refs(post->categories, post->n_categories, "categories",
			create_missing_terms, err);
	if (code == CODE_OK)
		code = check_refs(
			post->authors, post->n_authors, "authors", create_missing_terms, err);
	if (code == CODE_OK)
		code = check_series(post->series, err);
	if (code == CODE_OK)
		code = check_language(post->language, "post.language", err);
	if (code == CODE_OK)
		code = check_url(post->cover_image_url, "post.cover_image_url", err);
	if (code == CODE_OK)
		code = check_url(post->canonical_url, "post.canonical_url", err);
	if (code == CODE_OK)
		code = check_attributes(post->attributes, post->n_attributes, "post", err);
	trim_time(post->publish_time);
	trim_time(post->expire_time);
	return code;
}
