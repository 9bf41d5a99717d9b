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

/* False also for a time out of Timestamp's range. */
static bool take_time(const struct wire_field *field, int64_t *ret_us, bool *has)
{
	struct slice rest = field->bytes;
	struct wire_field part;
	uint64_t seconds = 0;
	uint64_t nanos = 0;
	while (rest.size > 0) {
		if (!wire_next(&rest, &part))
			return false;
		if (part.number == FIELD_SECONDS && !take_uint(&part, &seconds))
			return false;
		if (part.number == FIELD_NANOS && !take_uint(&part, &nanos))
			return false;
	}
	if ((int64_t)seconds < TIME_US_MIN / 1000000 || (int64_t)seconds > TIME_US_MAX / 1000000 ||
		nanos > 999999999)
		return false;
	*ret_us = (int64_t)seconds * 1000000 + (int64_t)nanos / 1000;
	*has = true;
	return field->type == WIRE_BYTES;
}

/* Of a TermRef or SeriesRef; a TermRef has no part. */
static bool take_ref(const struct wire_field *field, uint64_t *ret_id, uint64_t *ret_part)
{
	struct slice rest = field->bytes;
	struct wire_field inner;
	*ret_id = 0;
	*ret_part = 0;
	while (rest.size > 0) {
		if (!wire_next(&rest, &inner))
			return false;
		if (inner.number == FIELD_REF_ID && !take_uint(&inner, ret_id))
			return false;
		if (inner.number == FIELD_REF_PART && !take_uint(&inner, ret_part))
			return false;
	}
	return field->type == WIRE_BYTES;
}

static bool take_term(const struct wire_field *field, uint64_t *ids, uint32_t *count, uint32_t max)
{
	uint64_t part;
	return *count < max && take_ref(field, &ids[(*count)++], &part);
}

/* False where the field is not what a post's record has under its number. */
static bool take_field(const struct wire_field *field, struct post_fields *ret)
{
	uint64_t value = 0;
	bool right = true;
	bool has;
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
		return take_time(field, &ret->publish_us, &ret->has_publish_time);
	case FIELD_EXPIRE_TIME:
		return take_time(field, &ret->expire_us, &ret->has_expire_time);
	case FIELD_CREATE_TIME:
		return take_time(field, &ret->create_us, &has);
	case FIELD_UPDATE_TIME:
		return take_time(field, &ret->update_us, &has);
	case FIELD_DELETE_TIME:
		return take_time(field, &ret->delete_us, &ret->has_delete_time);
	case FIELD_TAGS:
		return take_term(field, ret->tags, &ret->tag_count, LIMIT_POST_TAGS);
	case FIELD_CATEGORIES:
		return take_term(
			field, ret->categories, &ret->category_count, LIMIT_POST_CATEGORIES);
	case FIELD_AUTHORS:
		return take_term(field, ret->authors, &ret->author_count, LIMIT_POST_AUTHORS);
	case FIELD_SERIES:
		right = take_ref(field, &ret->series_id, &value);
		ret->series_part = (uint32_t)value;
		return right;
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

bool post_fields_read(struct slice summary, struct post_fields *ret)
{
	struct wire_field field;
	/* The lists are told by their counts alone. */
	memset(ret, 0, offsetof(struct post_fields, tags));
	ret->slug = ret->title = ret->excerpt = ret->language = slice_of(NULL, 0);
	while (summary.size > 0)
		if (!wire_next(&summary, &field) || !take_field(&field, ret))
			return false;
	return ret->id != 0;
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
