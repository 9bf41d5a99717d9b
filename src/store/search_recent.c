#include "store/search_recent.h"

#include "base/wire.h"

enum {
	HEAD_BYTES = 4,	 /* both halves, count u16 */
	PLACE_BYTES = 2, /* u16, from the first term on */
	FILTER_BYTES_MIN = 8,
	FILTER_BYTES_MAX = 64 * 1024,
	HALF_MAX = 2,
	/* Of one term. */
	TERM_RECORD_BYTES_MAX = 2 + TERM_BYTES_MAX + 2 * WIRE_VARINT_BYTES_MAX,
};

static size_t group_count(size_t count)
{
	return (count + RECENT_GROUP - 1) / RECENT_GROUP;
}

/* 8 to 16 bits for each term, two of which it sets: 1 to 5 % of the others seem to be there. */
static size_t filter_size(size_t count)
{
	size_t size = FILTER_BYTES_MIN;
	while (size < count)
		size *= 2;
	return size;
}

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) with the last steps of MurmurHash3, so that
 * both halves are good. */
uint32_t recent_hash(struct slice term)
{
	uint32_t hash = 2166136261;
	for (size_t i = 0; i < term.size; i++)
		hash = (hash ^ term.data[i]) * 16777619;
	hash = (hash ^ hash >> 16) * 0x85EBCA6B;
	hash = (hash ^ hash >> 13) * 0xC2B2AE35;
	return hash ^ hash >> 16;
}

static void filter_add(uint8_t *filter, size_t size, struct slice term)
{
	uint32_t hash = recent_hash(term);
	uint32_t mask = (uint32_t)size * 8 - 1;
	for (int i = 0; i < 2; i++, hash >>= 16)
		filter[(hash & mask) / 8] |= (uint8_t)(1 << (hash & mask) % 8);
}

static void put_u16(uint8_t *out, size_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}

static size_t get_u16(const uint8_t *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

/* --- Writing --- */

static size_t put_term(uint8_t *out, const struct recent_change *change, size_t index)
{
	const struct recent_term *term = &change->terms[index];
	size_t shared =
		index % RECENT_GROUP == 0 ? 0 : slice_shared_size(term[-1].term, term->term);
	size_t suffix = term->term.size - shared;
	size_t size = 2 + suffix;
	out[0] = (uint8_t)shared;
	out[1] = (uint8_t)suffix;
	memcpy(out + 2, term->term.data + shared, suffix);
	if (change->before != RECENT_NOWHERE)
		size += wire_put_varint(out + size, term->before);
	if (change->after != RECENT_NOWHERE)
		size += wire_put_varint(out + size, term->after);
	return size;
}

struct slice recent_write(struct arena *arena, const struct recent_change *change, bool *too_long)
{
	size_t filter = filter_size(change->count);
	size_t places = HEAD_BYTES + filter;
	size_t first = places + PLACE_BYTES * group_count(change->count);
	*too_long = first > RECENT_BYTES_MAX;
	if (*too_long)
		return slice_of(NULL, 0);
	uint8_t *bytes = arena_alloc(arena, RECENT_BYTES_MAX + TERM_RECORD_BYTES_MAX);
	if (bytes == NULL)
		return slice_of(NULL, 0);
	bytes[0] = change->before;
	bytes[1] = change->after;
	put_u16(bytes + 2, change->count);
	memset(bytes + HEAD_BYTES, 0, filter);
	size_t size = first;
	for (size_t i = 0; i < change->count && !*too_long; i++) {
		if (i % RECENT_GROUP == 0)
			put_u16(bytes + places + PLACE_BYTES * (i / RECENT_GROUP), size - first);
		filter_add(bytes + HEAD_BYTES, filter, change->terms[i].term);
		size += put_term(bytes + size, change, i);
		*too_long = size > RECENT_BYTES_MAX;
	}
	return *too_long ? slice_of(NULL, 0) : slice_of(bytes, size);
}

/* --- Reading --- */

bool recent_read(struct recent *recent, uint64_t id, struct slice value)
{
	if (id == 0 || id > UINT64_MAX >> 1 || value.size < HEAD_BYTES ||
		value.size > RECENT_BYTES_MAX || value.data[0] > HALF_MAX ||
		value.data[1] > HALF_MAX)
		return false;
	size_t count = get_u16(value.data + 2);
	size_t filter = filter_size(count);
	size_t places = HEAD_BYTES + filter;
	size_t first = places + PLACE_BYTES * group_count(count);
	if (count == 0 || first > value.size)
		return false;
	*recent = (struct recent){
		.id = id,
		.before = value.data[0],
		.after = value.data[1],
		.count = count,
		.filter = slice_of(value.data + HEAD_BYTES, filter),
		.places = slice_of(value.data + places, first - places),
		.terms = slice_of(value.data + first, value.size - first),
	};
	return true;
}

static size_t place_of(const struct recent *recent, size_t group)
{
	return get_u16(recent->places.data + PLACE_BYTES * group);
}

static bool take_weight(struct slice *rest, uint32_t *ret)
{
	uint64_t value = 0;
	for (size_t i = 0; i < rest->size && i < 5; i++) {
		uint8_t byte = rest->data[i];
		value |= (uint64_t)(byte & 0x7F) << (7 * i);
		if (byte < 0x80) {
			*ret = (uint32_t)value;
			*rest = slice_of(rest->data + i + 1, rest->size - i - 1);
			return value <= UINT32_MAX;
		}
	}
	return false;
}

/* Reads the next term's bytes over those of the current one, which it must follow. */
static bool take_term(struct recent_cursor *cursor)
{
	struct slice rest = cursor->rest;
	if (rest.size < 2)
		return false;
	size_t shared = rest.data[0];
	size_t suffix = rest.data[1];
	if (shared > cursor->size || suffix == 0 || suffix > rest.size - 2 ||
		shared + suffix > TERM_BYTES_MAX ||
		(shared < cursor->size && rest.data[2] <= cursor->term[shared]))
		return false;
	memcpy(cursor->term + shared, rest.data + 2, suffix);
	cursor->size = (uint8_t)(shared + suffix);
	cursor->rest = slice_of(rest.data + 2 + suffix, rest.size - 2 - suffix);
	return true;
}

/* The first of a group: it stands in full, where the list of places says. */
static bool take_first(struct recent_cursor *cursor)
{
	const struct recent *recent = cursor->recent;
	uint8_t before[TERM_BYTES_MAX];
	size_t size = cursor->size;
	size_t at = recent->terms.size - cursor->rest.size;
	memcpy(before, cursor->term, size);
	cursor->size = 0;
	return place_of(recent, cursor->index / RECENT_GROUP) == at && take_term(cursor) &&
	       slice_compare(slice_of(before, size), recent_term(cursor)) < 0;
}

static bool take(struct recent_cursor *cursor)
{
	const struct recent *recent = cursor->recent;
	bool taken = cursor->index % RECENT_GROUP == 0 ? take_first(cursor) : take_term(cursor);
	if (!taken)
		return false;
	cursor->before = cursor->after = 0;
	if (recent->before != RECENT_NOWHERE && !take_weight(&cursor->rest, &cursor->before))
		return false;
	if (recent->after != RECENT_NOWHERE && !take_weight(&cursor->rest, &cursor->after))
		return false;
	cursor->index++;
	return true;
}

void recent_start(struct recent_cursor *cursor, const struct recent *recent)
{
	cursor->recent = recent;
	cursor->rest = recent->terms;
	cursor->index = 0;
	cursor->damaged = false;
	cursor->size = 0;
}

bool recent_next(struct recent_cursor *cursor)
{
	if (cursor->damaged)
		return false;
	if (cursor->index == cursor->recent->count) {
		cursor->damaged = cursor->rest.size > 0;
		return false;
	}
	cursor->damaged = !take(cursor);
	return !cursor->damaged;
}

/* How the first term of a group compares with another term; false if it cannot be read. */
static bool compare_first(const struct recent *recent, size_t group, struct slice term, int *order)
{
	size_t at = place_of(recent, group);
	if (at > recent->terms.size || recent->terms.size - at < 2)
		return false;
	const uint8_t *head = recent->terms.data + at;
	if (head[0] != 0 || head[1] > recent->terms.size - at - 2)
		return false;
	*order = slice_compare(slice_of(head + 2, head[1]), term);
	return true;
}

bool recent_seek(struct recent_cursor *cursor, const struct recent *recent, struct slice term)
{
	size_t low = 0; /* the last group that begins at or below the term, or the first one */
	size_t high = group_count(recent->count);
	recent_start(cursor, recent);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		int order;
		if (!compare_first(recent, middle, term, &order)) {
			cursor->damaged = true;
			return false;
		}
		if (order <= 0)
			low = middle;
		else
			high = middle;
	}
	size_t at = place_of(recent, low);
	if (at > recent->terms.size) {
		cursor->damaged = true;
		return false;
	}
	cursor->rest = slice_of(recent->terms.data + at, recent->terms.size - at);
	cursor->index = low * RECENT_GROUP;
	while (recent_next(cursor))
		if (slice_compare(recent_term(cursor), term) >= 0)
			return true;
	return false;
}

bool recent_check_filter(const struct recent *recent)
{
	uint8_t filter[FILTER_BYTES_MAX] = { 0 };
	struct recent_cursor cursor;
	recent_start(&cursor, recent);
	while (recent_next(&cursor))
		filter_add(filter, recent->filter.size, recent_term(&cursor));
	return slice_equals(slice_of(filter, recent->filter.size), recent->filter);
}
