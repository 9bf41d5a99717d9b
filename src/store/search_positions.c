#include "store/search_positions.h"

#include "base/wire.h"
#include "store/search_document.h"

enum {
	OCCURRENCES_FIRST = 1024,
	PLACE_BYTES = 4,
	/* Sizes below this one stand in half a byte, larger ones in another byte. */
	NIBBLE_MAX = 15,
	/* Both sizes of a word and how many bytes its positions take. */
	WORD_HEAD_BYTES_MAX = 3 + WIRE_VARINT_BYTES_MAX,
	POSITION_BYTES_MAX = 5,
};

/* --- Writing --- */

static bool grow(struct occurrences *occurrences)
{
	size_t capacity =
		occurrences->capacity == 0 ? OCCURRENCES_FIRST : 2 * occurrences->capacity;
	struct occurrence *all = arena_alloc(occurrences->arena, capacity * sizeof *all);
	if (all == NULL)
		return false;
	if (occurrences->count > 0)
		memcpy(all, occurrences->all, occurrences->count * sizeof *all);
	occurrences->all = all;
	occurrences->capacity = capacity;
	return true;
}

bool occurrences_add(struct occurrences *occurrences, struct document_term *word, bool after_break)
{
	if (occurrences->count == occurrences->capacity && !grow(occurrences))
		return false;
	occurrences->position += 1 + after_break;
	occurrences->all[occurrences->count++] =
		(struct occurrence){ .position = occurrences->position };
	uint32_t number = (uint32_t)occurrences->count;
	if (word->first == 0)
		word->first = number;
	else
		occurrences->all[word->last - 1].next = number;
	word->last = number;
	return true;
}

/* One byte for both sizes, and one more for each that it has no room for. */
static size_t put_sizes(uint8_t *out, size_t shared, size_t suffix)
{
	size_t size = 1;
	out[0] = (uint8_t)((shared < NIBBLE_MAX ? shared : NIBBLE_MAX) << 4 |
			   (suffix < NIBBLE_MAX ? suffix : NIBBLE_MAX));
	if (shared >= NIBBLE_MAX)
		out[size++] = (uint8_t)shared;
	if (suffix >= NIBBLE_MAX)
		out[size++] = (uint8_t)suffix;
	return size;
}

static size_t put_positions(
	uint8_t *out, const struct occurrences *occurrences, const struct document_term *word)
{
	uint32_t before = 0;
	size_t bytes = 0;
	size_t size;
	const struct occurrence *at;
	for (uint32_t number = word->first; number != 0; number = at->next) {
		at = &occurrences->all[number - 1];
		bytes += wire_varint_size(at->position - before);
		before = at->position;
	}
	size = wire_put_varint(out, bytes);
	before = 0;
	for (uint32_t number = word->first; number != 0; number = at->next) {
		at = &occurrences->all[number - 1];
		size += wire_put_varint(out + size, at->position - before);
		before = at->position;
	}
	return size;
}

static void put_u32(uint8_t *out, size_t value)
{
	for (int i = 0; i < PLACE_BYTES; i++)
		out[i] = (uint8_t)(value >> (8 * (PLACE_BYTES - 1 - i)));
}

static size_t get_u32(const uint8_t *bytes)
{
	return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

static size_t group_count(size_t count)
{
	return (count + POSITIONS_GROUP - 1) / POSITIONS_GROUP;
}

struct slice positions_write(struct arena *arena, struct document_term *const *words, size_t count,
	const struct occurrences *occurrences)
{
	size_t own = 0;
	size_t bytes_max = WIRE_VARINT_BYTES_MAX + occurrences->count * POSITION_BYTES_MAX;
	for (size_t i = 0; i < count; i++) {
		own += words[i]->first != 0;
		bytes_max += WORD_HEAD_BYTES_MAX + words[i]->size;
	}
	uint8_t *bytes = arena_alloc(arena, bytes_max + PLACE_BYTES * group_count(own));
	if (bytes == NULL)
		return slice_of(NULL, 0);
	size_t places = wire_put_varint(bytes, own);
	size_t first = places + PLACE_BYTES * group_count(own);
	size_t size = first;
	size_t index = 0;
	struct slice before = slice_of(NULL, 0);
	for (size_t i = 0; i < count; i++) {
		struct slice word = document_term_slice(words[i]);
		if (words[i]->first == 0)
			continue;
		size_t shared = slice_shared_size(before, word);
		if (index % POSITIONS_GROUP == 0) {
			put_u32(bytes + places + PLACE_BYTES * (index / POSITIONS_GROUP),
				size - first);
			shared = 0;
		}
		size += put_sizes(bytes + size, shared, word.size - shared);
		memcpy(bytes + size, word.data + shared, word.size - shared);
		size += word.size - shared;
		size += put_positions(bytes + size, occurrences, words[i]);
		before = word;
		index++;
	}
	return slice_of(bytes, size);
}

/* --- Reading --- */

bool positions_read(struct slice value, struct positions *ret)
{
	uint64_t count;
	struct slice rest = value;
	if (!wire_take_varint(&rest, &count) || count == 0 || count > value.size)
		return false;
	size_t places = PLACE_BYTES * group_count(count);
	if (places > rest.size)
		return false;
	*ret = (struct positions){
		.count = count,
		.places = slice_of(rest.data, places),
		.words = slice_of(rest.data + places, rest.size - places),
	};
	return true;
}

void positions_open(struct walk *walk, struct txn *txn)
{
	walk_open(walk, txn, TABLE_POSITIONS);
}

bool positions_get(struct walk *walk, uint64_t id, struct positions *ret)
{
	struct key key;
	key_positions(&key, id);
	if (walk_to(walk, key_slice(&key)) && positions_read(walk->value, ret))
		return true;
	txn_fail_corrupt(walk->txn, "positions of words of post", id);
	return false;
}

static size_t place_of(const struct positions *positions, size_t group)
{
	return get_u32(positions->places.data + PLACE_BYTES * group);
}

/* Reads the sizes of a word's parts; false if there are no such bytes. */
static bool take_sizes(struct slice *rest, size_t *shared, size_t *suffix)
{
	if (rest->size < 3)
		return false;
	size_t size = 1;
	*shared = rest->data[0] >> 4;
	*suffix = rest->data[0] & NIBBLE_MAX;
	if (*shared == NIBBLE_MAX)
		*shared = rest->data[size++];
	if (*suffix == NIBBLE_MAX)
		*suffix = rest->data[size++];
	if (rest->size - size < *suffix)
		return false;
	*rest = slice_of(rest->data + size, rest->size - size);
	return true;
}

/* A word as it is coded. */
struct coded {
	size_t shared; /* bytes with the word before it */
	struct slice suffix;
};

/* Reads the next word and its positions and moves behind them. */
static bool take_coded(struct positions_cursor *cursor, struct coded *ret)
{
	struct slice rest = cursor->rest;
	size_t suffix;
	uint64_t bytes;
	if (!take_sizes(&rest, &ret->shared, &suffix) || suffix == 0 ||
		ret->shared + suffix > TERM_BYTES_MAX)
		return false;
	ret->suffix = slice_of(rest.data, suffix);
	rest = slice_of(rest.data + suffix, rest.size - suffix);
	if (!wire_take_varint(&rest, &bytes) || bytes == 0 || bytes > rest.size)
		return false;
	cursor->at = slice_of(rest.data, bytes);
	cursor->rest = slice_of(rest.data + bytes, rest.size - bytes);
	cursor->index++;
	return true;
}

static bool take_word(struct positions_cursor *cursor)
{
	struct coded coded;
	if (!take_coded(cursor, &coded) || coded.shared > cursor->size)
		return false;
	memcpy(cursor->word + coded.shared, coded.suffix.data, coded.suffix.size);
	cursor->size = (uint8_t)(coded.shared + coded.suffix.size);
	return true;
}

/*
 * Moves on to the first word that is not below the given one. The words before it are not put
 * together: `matched` says how many bytes of the wanted one the current word has, and is below it
 * in the next. A word that shares more with the current one is so, too; one that shares less is
 * behind the wanted one.
 */
static bool skip_below(struct positions_cursor *cursor, struct slice word)
{
	size_t matched = 0;
	struct coded coded;
	for (;;) {
		bool in_full = cursor->index % POSITIONS_GROUP == 0;
		if (cursor->index == cursor->positions->count) {
			cursor->damaged = cursor->rest.size > 0;
			return false;
		}
		if (!take_coded(cursor, &coded) || (in_full && coded.shared != 0)) {
			cursor->damaged = true;
			return false;
		}
		if (in_full)
			matched = 0;
		if (coded.shared > matched)
			continue;
		if (coded.shared < matched)
			break;
		matched += slice_shared_size(
			coded.suffix, slice_of(word.data + matched, word.size - matched));
		size_t own = matched - coded.shared; /* bytes of the suffix that match */
		if (matched == word.size ||
			(own < coded.suffix.size && coded.suffix.data[own] > word.data[matched]))
			break;
	}
	memcpy(cursor->word, word.data, coded.shared);
	memcpy(cursor->word + coded.shared, coded.suffix.data, coded.suffix.size);
	cursor->size = (uint8_t)(coded.shared + coded.suffix.size);
	return true;
}

bool positions_next(struct positions_cursor *cursor)
{
	if (cursor->damaged)
		return false;
	if (cursor->index == cursor->positions->count) {
		cursor->damaged = cursor->rest.size > 0;
		return false;
	}
	cursor->damaged = !take_word(cursor);
	return !cursor->damaged;
}

/* How the first word of a group compares with another one; false if it cannot be read. */
static bool compare_first(
	const struct positions *positions, size_t group, struct slice word, int *order)
{
	size_t at = place_of(positions, group);
	size_t shared;
	size_t suffix;
	if (at > positions->words.size)
		return false;
	struct slice rest = slice_of(positions->words.data + at, positions->words.size - at);
	if (!take_sizes(&rest, &shared, &suffix) || shared != 0)
		return false;
	*order = slice_compare(slice_of(rest.data, suffix), word);
	return true;
}

bool positions_seek(
	struct positions_cursor *cursor, const struct positions *positions, struct slice word)
{
	size_t low = 0; /* the last group that begins at or below the word, or the first one */
	size_t high = group_count(positions->count);
	cursor->positions = positions;
	cursor->size = 0;
	cursor->damaged = true; /* until the place is found */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		int order;
		if (!compare_first(positions, middle, word, &order))
			return false;
		if (order <= 0)
			low = middle;
		else
			high = middle;
	}
	size_t at = place_of(positions, low);
	if (at > positions->words.size)
		return false;
	cursor->damaged = false;
	cursor->rest = slice_of(positions->words.data + at, positions->words.size - at);
	cursor->index = low * POSITIONS_GROUP;
	return skip_below(cursor, word);
}

bool positions_take(struct slice *at, uint32_t *position)
{
	uint64_t gap;
	struct slice rest = *at;
	if (rest.size == 0)
		return false;
	if (rest.data[0] < 0x80) { /* most are of one byte */
		gap = rest.data[0];
		rest = slice_of(rest.data + 1, rest.size - 1);
	} else if (!wire_take_varint(&rest, &gap)) {
		return false;
	}
	if (gap == 0 || gap > UINT32_MAX - *position)
		return false;
	*position += (uint32_t)gap;
	*at = rest;
	return true;
}
