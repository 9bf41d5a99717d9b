#include "store/keys.h"

static const uint64_t SIGN = UINT64_C(1) << 63;

enum { FOLDED_BYTES_MAX = KEY_BYTES_MAX - 10 }; /* beside kind, NUL and id */

static void put_u8(struct key *key, uint8_t value)
{
	key->bytes[key->size++] = value;
}

static void put_u64(struct key *key, uint64_t value)
{
	value_u64(key->bytes + key->size, value);
	key->size += 8;
}

static void put_bytes(struct key *key, struct slice bytes, size_t max_bytes)
{
	size_t size = bytes.size < max_bytes ? bytes.size : max_bytes;
	if (size > 0)
		memcpy(key->bytes + key->size, bytes.data, size);
	key->size += size;
}

static uint64_t get_u64(const uint8_t *bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint64_t sort_oldest_first(int64_t time_us)
{
	return (uint64_t)time_us ^ SIGN;
}

uint64_t sort_newest_first(int64_t time_us)
{
	return ~sort_oldest_first(time_us);
}

int64_t time_of_newest_first(uint64_t sort)
{
	return (int64_t)(~sort ^ SIGN);
}

void key_meta(struct key *key, const char *name)
{
	key->size = 0;
	put_bytes(key, slice_of_text(name), KEY_BYTES_MAX);
}

void key_post(struct key *key, uint64_t id, enum post_part part)
{
	key->size = 0;
	put_u64(key, id);
	put_u8(key, (uint8_t)part);
}

void key_term(struct key *key, uint8_t kind, uint64_t id)
{
	key->size = 0;
	put_u8(key, kind);
	put_u64(key, id);
}

void key_slug(struct key *key, enum slug_space space, struct slice slug)
{
	key->size = 0;
	put_u8(key, (uint8_t)space);
	put_bytes(key, slug, KEY_BYTES_MAX - 1);
}

void key_name_prefix(struct key *key, uint8_t kind, struct slice folded)
{
	key->size = 0;
	put_u8(key, kind);
	put_bytes(key, folded, FOLDED_BYTES_MAX);
	put_u8(key, 0);
}

void key_name(struct key *key, uint8_t kind, struct slice folded, uint64_t id)
{
	key_name_prefix(key, kind, folded);
	put_u64(key, id);
}

void key_posting_list(struct key *key, uint8_t kind, uint64_t number)
{
	key_term(key, kind, number);
}

static bool is_title(uint8_t kind)
{
	return (kind & ~POSTING_HIDDEN) == POSTING_TITLE;
}

static void put_position(struct key *key, const struct posting *posting)
{
	if (is_title(posting->kind)) {
		put_bytes(key, posting->title, TITLE_SORT_BYTES_MAX);
		put_u8(key, 0); /* "ab" before "abc" */
	} else {
		put_u64(key, posting->sort);
	}
	put_u64(key, posting_ids_ascend(posting->kind) ? posting->id : ~posting->id);
}

void key_posting(struct key *key, const struct posting *posting)
{
	key_posting_list(key, posting->kind, posting->number);
	put_position(key, posting);
}

void key_posting_position(struct key *key, const struct posting *posting)
{
	key->size = 0;
	put_position(key, posting);
}

uint64_t posting_position_id(uint8_t kind, struct slice position)
{
	uint64_t id = position.size < 8 ? 0 : get_u64(position.data + position.size - 8);
	return posting_ids_ascend(kind) ? id : ~id;
}

uint64_t language_number(struct slice language)
{
	uint64_t number = 0;
	for (size_t i = 0; i < 8; i++) {
		uint8_t c = i < language.size ? language.data[i] : 0;
		number = number << 8 | (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return number;
}

void key_counter(struct key *key, uint8_t kind, uint64_t number)
{
	key_term(key, kind, number);
}

void key_rank(struct key *key, uint8_t kind, uint64_t count, uint64_t id)
{
	key->size = 0;
	put_u8(key, kind);
	put_u64(key, ~count);
	put_u64(key, ~id);
}

void key_child(struct key *key, uint64_t parent_id, uint64_t child_id)
{
	key->size = 0;
	put_u64(key, parent_id);
	put_u64(key, child_id);
}

void key_due(struct key *key, int64_t time_us, uint64_t id)
{
	key->size = 0;
	put_u64(key, sort_oldest_first(time_us));
	put_u64(key, id);
}

void key_change(struct key *key, uint64_t revision)
{
	key->size = 0;
	put_u64(key, revision);
}

void key_revision(struct key *key, uint64_t post_id, uint64_t revision)
{
	key->size = 0;
	put_u64(key, post_id);
	put_u64(key, revision);
}

void key_content(struct key *key, uint64_t post_id, uint64_t revision, enum post_part part)
{
	key_revision(key, post_id, revision);
	put_u8(key, (uint8_t)part);
}

void key_answer(struct key *key, struct slice request_id)
{
	key->size = 0;
	put_bytes(key, request_id, KEY_BYTES_MAX);
}

void key_answer_expiry(struct key *key, int64_t time_us, struct slice request_id)
{
	key->size = 0;
	put_u64(key, sort_oldest_first(time_us));
	put_bytes(key, request_id, KEY_BYTES_MAX - 8);
}

void key_search(struct key *key, bool hidden, struct slice term)
{
	key->size = 0;
	put_u8(key, hidden);
	put_bytes(key, term, KEY_BYTES_MAX - 10);
}

void key_search_block(struct key *key, bool hidden, struct slice term, uint64_t floor)
{
	key_search(key, hidden, term);
	put_u8(key, 0);
	put_u64(key, floor);
}

void key_length(struct key *key, uint64_t chunk)
{
	key->size = 0;
	put_u64(key, chunk);
}

void key_recent(struct key *key, uint64_t id)
{
	key->size = 0;
	put_u64(key, id);
}

void key_positions(struct key *key, uint64_t id)
{
	key->size = 0;
	put_u64(key, id);
}

void key_suggest(struct key *key, struct slice folded, uint8_t kind, uint8_t ordinal, uint64_t id)
{
	key->size = 0;
	put_bytes(key, folded, SUGGEST_KEY_TEXT_BYTES_MAX);
	put_u8(key, 0);
	put_u8(key, kind);
	put_u8(key, ordinal);
	put_u64(key, id);
}

void key_kind(struct key *key, uint8_t kind)
{
	key->size = 0;
	put_u8(key, kind);
}

bool key_read_post(struct slice key, uint64_t *id, enum post_part *part)
{
	if (key.size != 9 || key.data[8] < POST_SUMMARY || key.data[8] > POST_HTML)
		return false;
	*id = get_u64(key.data);
	*part = (enum post_part)key.data[8];
	return true;
}

bool key_read_term(struct slice key, uint8_t *kind, uint64_t *id)
{
	if (key.size != 9)
		return false;
	*kind = key.data[0];
	*id = get_u64(key.data + 1);
	return true;
}

bool key_read_slug(struct slice key, enum slug_space *space, struct slice *slug)
{
	if (key.size < 2 || key.data[0] < SLUG_TAG || key.data[0] > SLUG_POST_ORIGIN)
		return false;
	*space = (enum slug_space)key.data[0];
	*slug = slice_of(key.data + 1, key.size - 1);
	return true;
}

bool key_read_name(struct slice key, uint8_t *kind, struct slice *folded, uint64_t *id)
{
	if (key.size < 10 || key.data[key.size - 9] != 0)
		return false;
	*kind = key.data[0];
	*folded = slice_of(key.data + 1, key.size - 10);
	*id = get_u64(key.data + key.size - 8);
	return true;
}

bool key_read_posting(struct slice key, struct posting *posting)
{
	enum { HEAD_BYTES = 9, ID_BYTES = 8 };
	if (key.size < HEAD_BYTES + 1 + ID_BYTES)
		return false;
	*posting = (struct posting){ .kind = key.data[0], .number = get_u64(key.data + 1) };
	size_t sort_size = key.size - HEAD_BYTES - ID_BYTES;
	if (is_title(posting->kind)) {
		if (key.data[HEAD_BYTES + sort_size - 1] != 0)
			return false;
		posting->title = slice_of(key.data + HEAD_BYTES, sort_size - 1);
	} else {
		if (sort_size != 8)
			return false;
		posting->sort = get_u64(key.data + HEAD_BYTES);
	}
	posting->id = posting_position_id(posting->kind, key);
	return true;
}

bool key_read_counter(struct slice key, uint8_t *kind, uint64_t *number)
{
	return key_read_term(key, kind, number);
}

bool key_read_rank(struct slice key, uint8_t *kind, uint64_t *count, uint64_t *id)
{
	if (key.size != 17)
		return false;
	*kind = key.data[0];
	*count = ~get_u64(key.data + 1);
	*id = ~get_u64(key.data + 9);
	return true;
}

bool key_read_child(struct slice key, uint64_t *parent_id, uint64_t *child_id)
{
	if (key.size != 16)
		return false;
	*parent_id = get_u64(key.data);
	*child_id = get_u64(key.data + 8);
	return true;
}

bool key_read_due(struct slice key, int64_t *time_us, uint64_t *id)
{
	if (key.size != 16)
		return false;
	*time_us = (int64_t)(get_u64(key.data) ^ SIGN);
	*id = get_u64(key.data + 8);
	return true;
}

bool key_read_change(struct slice key, uint64_t *revision)
{
	if (key.size != 8)
		return false;
	*revision = get_u64(key.data);
	return true;
}

bool key_read_revision(struct slice key, uint64_t *post_id, uint64_t *revision)
{
	if (key.size < 16)
		return false;
	*post_id = get_u64(key.data);
	*revision = get_u64(key.data + 8);
	return true;
}

bool key_read_answer_expiry(struct slice key, int64_t *time_us, struct slice *request_id)
{
	if (key.size < 9)
		return false;
	*time_us = (int64_t)(get_u64(key.data) ^ SIGN);
	*request_id = slice_of(key.data + 8, key.size - 8);
	return true;
}

bool key_read_search(
	struct slice key, bool *hidden, struct slice *term, bool *is_first, uint64_t *floor)
{
	if (key.size < 2 || key.data[0] > 1)
		return false;
	const uint8_t *end = memchr(key.data + 1, 0, key.size - 1);
	size_t size = end == NULL ? key.size - 1 : (size_t)(end - key.data) - 1;
	if (size == 0 || (end != NULL && key.size != size + 10))
		return false;
	*hidden = key.data[0] == 1;
	*term = slice_of(key.data + 1, size);
	*is_first = end == NULL;
	*floor = end == NULL ? 0 : get_u64(end + 1);
	return true;
}

bool key_read_length(struct slice key, uint64_t *chunk)
{
	return key_read_change(key, chunk);
}

bool key_read_recent(struct slice key, uint64_t *id)
{
	return key_read_change(key, id);
}

bool key_read_positions(struct slice key, uint64_t *id)
{
	return key_read_change(key, id);
}

bool key_read_suggest(
	struct slice key, struct slice *folded, uint8_t *kind, uint8_t *ordinal, uint64_t *id)
{
	enum { BEHIND_TEXT = 11 };
	if (key.size <= BEHIND_TEXT || key.data[key.size - BEHIND_TEXT] != 0)
		return false;
	*folded = slice_of(key.data, key.size - BEHIND_TEXT);
	*kind = key.data[key.size - 10];
	*ordinal = key.data[key.size - 9];
	*id = get_u64(key.data + key.size - 8);
	return true;
}

void value_u64(uint8_t out[VALUE_U64_BYTES], uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(value >> (56 - 8 * i));
}

bool value_read_u64(struct slice value, uint64_t *ret)
{
	if (value.size != VALUE_U64_BYTES)
		return false;
	*ret = get_u64(value.data);
	return true;
}

void value_slug(uint8_t out[VALUE_SLUG_BYTES], uint64_t id, bool former)
{
	value_u64(out, id);
	out[8] = former;
}

bool value_read_slug(struct slice value, uint64_t *id, bool *former)
{
	if (value.size != VALUE_SLUG_BYTES || value.data[8] > 1)
		return false;
	*id = get_u64(value.data);
	*former = value.data[8] == 1;
	return true;
}
