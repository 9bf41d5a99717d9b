#include "store/post_fields.h"

#include "base/rfc3339.h"
#include "base/wire.h"
#include "store/keys.h"

#include <stddef.h>

enum {
	/* Field numbers of lectern.v1.Post. */
	FIELD_ID = 1,
	FIELD_SLUG = 2,
	FIELD_TITLE = 3,
	FIELD_EXCERPT = 4,
	FIELD_STATE = 5,
	FIELD_PUBLISH_TIME = 6,
	FIELD_EXPIRE_TIME = 7,
	FIELD_CREATE_TIME = 8,
	FIELD_UPDATE_TIME = 9,
	FIELD_DELETE_TIME = 10,
	FIELD_TAGS = 13,
	FIELD_CATEGORIES = 14,
	FIELD_AUTHORS = 15,
	FIELD_SERIES = 16,
	FIELD_LANGUAGE = 17,
	FIELD_FEATURED = 18,
	/* Of TermRef and SeriesRef, and of google.protobuf.Timestamp. */
	FIELD_REF_ID = 1,
	FIELD_REF_PART = 4,
	FIELD_SECONDS = 1,
	FIELD_NANOS = 2,
	TIMES = FIELD_DELETE_TIME - FIELD_PUBLISH_TIME + 1,
};

/* A message that comes twice is merged, so its numbers outlive one occurrence. */
struct time_field {
	bool present;
	int64_t seconds;
	int32_t nanos;
};

static bool take_uint(const struct wire_field *field, uint64_t *ret)
{
	*ret = field->value;
	return field->type == WIRE_VARINT;
}

static bool take_text(const struct wire_field *field, struct slice *ret)
{
	*ret = field->bytes;
	return field->type == WIRE_BYTES;
}

static bool take_time(const struct wire_field *field, struct time_field *ret)
{
	struct slice rest = field->bytes;
	struct wire_field part;
	uint64_t value = 0;
	ret->present = true;
	while (rest.size > 0) {
		if (!wire_next(&rest, &part))
			return false;
		if (part.number != FIELD_SECONDS && part.number != FIELD_NANOS)
			continue;
		if (!take_uint(&part, &value))
			return false;
		if (part.number == FIELD_SECONDS)
			ret->seconds = (int64_t)value;
		else
			ret->nanos = (int32_t)(uint32_t)value;
	}
	return field->type == WIRE_BYTES;
}

/* The id of a TermRef, and of a SeriesRef its part too. */
static bool take_ref(const struct wire_field *field, uint64_t *id, uint32_t *series_part)
{
	struct slice rest = field->bytes;
	struct wire_field part;
	uint64_t value = 0;
	while (rest.size > 0) {
		if (!wire_next(&rest, &part))
			return false;
		if (part.number == FIELD_REF_ID && !take_uint(&part, id))
			return false;
		if (part.number != FIELD_REF_PART || series_part == NULL)
			continue;
		if (!take_uint(&part, &value))
			return false;
		*series_part = (uint32_t)value;
	}
	return field->type == WIRE_BYTES;
}

static bool take_term(const struct wire_field *field, uint64_t *ids, uint32_t *count, uint32_t max)
{
	if (*count == max)
		return false;
	ids[*count] = 0;
	return take_ref(field, &ids[(*count)++], NULL);
}

/* False where the field is not what a post's record has under its number. */
static bool take_field(
	const struct wire_field *field, struct post_fields *ret, struct time_field *times)
{
	uint64_t value = 0;
	bool right = true;
	switch (field->number) {
	case FIELD_ID:
		return take_uint(field, &ret->id);
	case FIELD_SLUG:
		return take_text(field, &ret->slug);
	case FIELD_TITLE:
		return take_text(field, &ret->title);
	case FIELD_EXCERPT:
		return take_text(field, &ret->excerpt);
	case FIELD_STATE:
		right = take_uint(field, &value);
		ret->state = (uint32_t)value;
		return right;
	case FIELD_PUBLISH_TIME:
	case FIELD_EXPIRE_TIME:
	case FIELD_CREATE_TIME:
	case FIELD_UPDATE_TIME:
	case FIELD_DELETE_TIME:
		return take_time(field, &times[field->number - FIELD_PUBLISH_TIME]);
	case FIELD_TAGS:
		return take_term(field, ret->tags, &ret->tag_count, LIMIT_POST_TAGS);
	case FIELD_CATEGORIES:
		return take_term(
			field, ret->categories, &ret->category_count, LIMIT_POST_CATEGORIES);
	case FIELD_AUTHORS:
		return take_term(field, ret->authors, &ret->author_count, LIMIT_POST_AUTHORS);
	case FIELD_SERIES:
		return take_ref(field, &ret->series_id, &ret->series_part);
	case FIELD_LANGUAGE:
		return take_text(field, &ret->language);
	case FIELD_FEATURED:
		right = take_uint(field, &value);
		ret->featured = value != 0;
		return right;
	default:
		return true;
	}
}

/* 0 for a time that is not there. False if it is out of Timestamp's range. */
static bool time_of(const struct time_field *time, int64_t *ret_us, bool *has)
{
	if (time->seconds < TIME_US_MIN / 1000000 || time->seconds > TIME_US_MAX / 1000000 ||
		time->nanos < 0 || time->nanos > 999999999)
		return false;
	*ret_us = time->seconds * 1000000 + time->nanos / 1000;
	*has = time->present;
	return true;
}

bool post_fields_read(struct slice summary, struct post_fields *ret)
{
	struct time_field times[TIMES] = { 0 };
	struct wire_field field;
	bool has;
	/* The lists are told by their counts alone. */
	memset(ret, 0, offsetof(struct post_fields, tags));
	ret->slug = ret->title = ret->excerpt = ret->language = slice_of(NULL, 0);
	while (summary.size > 0)
		if (!wire_next(&summary, &field) || !take_field(&field, ret, times))
			return false;
	return ret->id != 0 && time_of(&times[0], &ret->publish_us, &ret->has_publish_time) &&
	       time_of(&times[1], &ret->expire_us, &ret->has_expire_time) &&
	       time_of(&times[2], &ret->create_us, &has) &&
	       time_of(&times[3], &ret->update_us, &has) &&
	       time_of(&times[4], &ret->delete_us, &ret->has_delete_time);
}

bool post_fields_get(struct txn *txn, uint64_t id, struct post_fields *ret)
{
	struct key key;
	struct slice summary;
	key_post(&key, id, POST_SUMMARY);
	if (!txn_get(txn, TABLE_POST, &key, &summary))
		return false;
	if (post_fields_read(summary, ret) && ret->id == id)
		return true;
	txn_fail_corrupt(txn, "post", id);
	return false;
}

int64_t post_fields_sort_us(const struct post_fields *fields)
{
	return fields->has_publish_time ? fields->publish_us : fields->create_us;
}
