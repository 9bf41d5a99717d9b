#include "importers/ghost_record.h"

#include "base/rfc3339.h"
#include "importers/digest.h"
#include "importers/json_unquote.h"

#include <stdlib.h>

static const char *const names[GHOST_FIELDS] = {
	[GHOST_ID] = "id",
	[GHOST_UUID] = "uuid",
	[GHOST_NAME] = "name",
	[GHOST_SLUG] = "slug",
	[GHOST_DESCRIPTION] = "description",
	[GHOST_VISIBILITY] = "visibility",
	[GHOST_BIO] = "bio",
	[GHOST_WEBSITE] = "website",
	[GHOST_PROFILE_IMAGE] = "profile_image",
	[GHOST_IMAGE] = "image",
	[GHOST_POST_ID] = "post_id",
	[GHOST_TAG_ID] = "tag_id",
	[GHOST_AUTHOR_ID] = "author_id",
	[GHOST_AUTHOR] = "author",
	[GHOST_SORT_ORDER] = "sort_order",
	[GHOST_TITLE] = "title",
	[GHOST_TYPE] = "type",
	[GHOST_PAGE] = "page",
	[GHOST_STATUS] = "status",
	[GHOST_HTML] = "html",
	[GHOST_MARKDOWN] = "markdown",
	[GHOST_MOBILEDOC] = "mobiledoc",
	[GHOST_LEXICAL] = "lexical",
	[GHOST_CUSTOM_EXCERPT] = "custom_excerpt",
	[GHOST_FEATURE_IMAGE] = "feature_image",
	[GHOST_FEATURED] = "featured",
	[GHOST_CANONICAL_URL] = "canonical_url",
	[GHOST_LOCALE] = "locale",
	[GHOST_LANGUAGE] = "language",
	[GHOST_CREATED_AT] = "created_at",
	[GHOST_UPDATED_AT] = "updated_at",
	[GHOST_PUBLISHED_AT] = "published_at",
	[GHOST_TAGS] = "tags",
	[GHOST_AUTHORS] = "authors",
};

void ghost_record_init(struct ghost_record *record)
{
	*record = (struct ghost_record){ .line = 0 };
	buffer_init(&record->text, GHOST_RECORD_BYTES_MAX);
}

void ghost_record_done(struct ghost_record *record)
{
	buffer_done(&record->text);
}

static bool refuse(struct ghost_record *record, enum ghost_field field, const char *problem)
{
	snprintf(record->problem, sizeof record->problem, "%s: %s", names[field], problem);
	return false;
}

static void read_value(struct ghost_record *record, size_t start, enum ghost_field field)
{
	struct ghost_value *value = &record->values[field];
	if (value->is_set) /* readers differ about which of them counts */
		(void)refuse(record, field, "stands in the object twice");
	*value = (struct ghost_value){
		.start = start, .size = record->text.size - start, .is_set = true
	};
}

/* The field of that name if it is one of `fields`; else GHOST_FIELDS. */
static enum ghost_field find_field(const char *key, uint64_t fields)
{
	for (unsigned i = 0; i < GHOST_FIELDS; i++)
		if ((fields & GHOST_BIT(i)) != 0 && strcmp(names[i], key) == 0)
			return (enum ghost_field)i;
	return GHOST_FIELDS;
}

bool ghost_record_read(struct ghost_record *record, struct json_walk *walk, uint64_t fields)
{
	buffer_clear(&record->text);
	memset(record->values, 0, sizeof record->values);
	record->problem[0] = '\0';
	uint8_t first = walk_peek(walk);
	record->line = walk->line;
	if (first != '{') {
		snprintf(record->problem, sizeof record->problem, "must be an object");
		return walk_value(walk, NULL);
	}
	if (!walk_open(walk, '{'))
		return false;
	while (walk_entry(walk, '{')) {
		char key[WALK_KEY_BYTES];
		if (!walk_key(walk, key))
			return false;
		enum ghost_field field = find_field(key, fields);
		size_t start = record->text.size;
		if (!walk_value(walk, field == GHOST_FIELDS ? NULL : &record->text))
			return false;
		if (field != GHOST_FIELDS && !record->text.overflow)
			read_value(record, start, field);
	}
	if (record->text.overflow)
		snprintf(record->problem, sizeof record->problem, "longer than %d bytes",
			GHOST_RECORD_BYTES_MAX);
	return walk->problem == NULL;
}

struct slice ghost_record_json(const struct ghost_record *record, enum ghost_field field)
{
	const struct ghost_value *value = &record->values[field];
	return slice_of(value->size == 0 ? NULL : record->text.data + value->start, value->size);
}

static bool is(struct slice text, const char *word)
{
	return slice_equals(text, slice_of_text(word));
}

bool ghost_record_has(const struct ghost_record *record, enum ghost_field field)
{
	const struct ghost_value *value = &record->values[field];
	return value->is_set && (value->is_text || !is(ghost_record_json(record, field), "null"));
}

static bool is_number(struct slice text)
{
	bool has_digit = false;
	for (size_t i = 0; i < text.size; i++) {
		bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';
		has_digit = has_digit || is_digit;
		if (!is_digit && memchr("+-.eE", text.data[i], 5) == NULL)
			return false;
	}
	return has_digit;
}

bool ghost_record_text(struct ghost_record *record, enum ghost_field field, struct slice *ret)
{
	struct ghost_value *value = &record->values[field];
	*ret = slice_of("", 0);
	if (!ghost_record_has(record, field))
		return true;
	struct slice text = ghost_record_json(record, field);
	if (!value->is_text && text.size > 0 && text.data[0] == '"') {
		const char *problem = unquote(text, record->text.data + value->start, &value->size);
		if (problem != NULL)
			return refuse(record, field, problem);
		text.size = value->size;
	} else if (!value->is_text && !is_number(text)) {
		return refuse(record, field, "must be a text");
	}
	value->is_text = true;
	if (text.size > 0)
		*ret = text;
	return true;
}

bool ghost_record_flag(struct ghost_record *record, enum ghost_field field, bool *ret)
{
	struct slice text = ghost_record_json(record, field);
	*ret = is(text, "true") || is(text, "1") || is(text, "\"1\"") || is(text, "\"true\"");
	if (*ret || !ghost_record_has(record, field) || is(text, "false") || is(text, "0") ||
		is(text, "\"0\"") || is(text, "\"false\"") || is(text, "\"\""))
		return true;
	return refuse(record, field, "must be true or false");
}

/* Milliseconds since 1970. */
static bool parse_milliseconds(struct slice text, int64_t *ret_us)
{
	char digits[24];
	if (text.size >= sizeof digits || !is_number(text))
		return false;
	memcpy(digits, text.data, text.size);
	digits[text.size] = '\0';
	char *end;
	double number = strtod(digits, &end);
	if (*end != '\0' || number < (double)TIME_US_MIN / 1000 ||
		number > (double)TIME_US_MAX / 1000)
		return false;
	*ret_us = (int64_t)number * 1000;
	return *ret_us >= TIME_US_MIN && *ret_us <= TIME_US_MAX;
}

/* "2016-05-01", "2016-05-01 10:00", "2016-05-01T10:00:00.000", with or without a zone: all forms
 * that databases give a date. Without a zone it is UTC, as Ghost keeps its times. */
static bool parse_date(struct slice text, int64_t *ret_us)
{
	char date[RFC3339_BYTES + 16];
	size_t size = text.size;
	if (size < 10 || size > RFC3339_BYTES)
		return false;
	memcpy(date, text.data, size);
	date[size] = '\0';
	if (rfc3339_parse(slice_of_text(date), ret_us))
		return true;
	if (size == 10)
		memcpy(date + size, "T00:00:00Z", sizeof "T00:00:00Z");
	else if (size == 16)
		memcpy(date + size, ":00Z", sizeof ":00Z");
	else
		memcpy(date + size, "Z", sizeof "Z");
	return rfc3339_parse(slice_of_text(date), ret_us);
}

bool ghost_record_time(struct ghost_record *record, enum ghost_field field, int64_t *ret_us)
{
	struct slice text;
	*ret_us = 0;
	if (!ghost_record_text(record, field, &text))
		return false;
	if (text.size == 0 || parse_date(text, ret_us) || parse_milliseconds(text, ret_us))
		return true;
	return refuse(record, field, "is no time");
}

uint64_t ghost_key(struct slice id)
{
	return id.size == 0 ? 0 : digest_number(id);
}

uint64_t ghost_record_key(struct ghost_record *record, enum ghost_field field)
{
	struct slice id;
	return ghost_record_text(record, field, &id) ? ghost_key(id) : 0;
}

uint32_t ghost_record_order(struct ghost_record *record, enum ghost_field field, uint32_t missing)
{
	struct slice text;
	uint64_t number = 0;
	if (!ghost_record_text(record, field, &text) || text.size == 0)
		return missing;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return i == 0 ? 0 : (uint32_t)number;
		number = number * 10 + (text.data[i] - '0');
		if (number > UINT32_MAX)
			return UINT32_MAX;
	}
	return (uint32_t)number;
}
