#include "store/search_private.h"

/*
 * Lucene's SmallFloat.intToByte4() and byte4ToInt()
 * (https://github.com/apache/lucene, lucene/core/src/java/org/apache/lucene/util/SmallFloat.java):
 * a float with three bits of mantissa behind an implicit one and a biased exponent; what the format
 * leaves over extends the range in which every number has a code of its own. One is added, because
 * 0 stands for no document.
 */
enum {
	MANTISSA_BITS = 3,
	/* 255 less the code of the largest 32-bit signed number. */
	FREE_VALUES = 24,
};

static uint8_t float_code(uint32_t value)
{
	if (value < 1U << (MANTISSA_BITS + 1))
		return (uint8_t)value;
	int shift = 31 - __builtin_clz(value) - MANTISSA_BITS;
	return (uint8_t)((shift + 1) << MANTISSA_BITS | (value >> shift & 7));
}

static uint32_t float_value(uint8_t code)
{
	int shift = (code >> MANTISSA_BITS) - 1;
	uint32_t mantissa = code & 7;
	return shift < 0 ? mantissa : (mantissa | 1U << MANTISSA_BITS) << shift;
}

uint8_t search_length_code(uint64_t length)
{
	if (length < FREE_VALUES)
		return (uint8_t)(length + 1);
	uint64_t rest = length - FREE_VALUES;
	/* The largest of Lucene's codes would be 256 here. */
	uint8_t code = rest > INT32_MAX ? 254 - FREE_VALUES : float_code((uint32_t)rest);
	if (code > 254 - FREE_VALUES)
		code = 254 - FREE_VALUES;
	return (uint8_t)(FREE_VALUES + code + 1);
}

uint32_t search_length_of_code(uint8_t code)
{
	if (code == 0)
		return 0;
	code--;
	return code < FREE_VALUES ? code : FREE_VALUES + float_value((uint8_t)(code - FREE_VALUES));
}

static struct slice chunk_bytes(struct txn *txn, uint64_t chunk)
{
	struct key key;
	struct slice value;
	key_length(&key, chunk);
	if (!txn_get(txn, TABLE_LENGTH, &key, &value))
		return slice_of(NULL, 0);
	if (value.size > SEARCH_LENGTH_CHUNK) {
		txn_fail_corrupt(txn, "lengths of posts from", chunk * SEARCH_LENGTH_CHUNK);
		return slice_of(NULL, 0);
	}
	return value;
}

void search_length_put(struct txn *txn, uint64_t id, uint8_t code)
{
	uint8_t bytes[SEARCH_LENGTH_CHUNK] = { 0 };
	size_t place = id % SEARCH_LENGTH_CHUNK;
	struct key key;
	key_length(&key, id / SEARCH_LENGTH_CHUNK);
	struct slice old = chunk_bytes(txn, id / SEARCH_LENGTH_CHUNK);
	if (old.size > 0)
		memcpy(bytes, old.data, old.size);
	if (bytes[place] == code)
		return;
	bytes[place] = code;
	size_t size = place < old.size ? old.size : place + 1;
	while (size > 0 && bytes[size - 1] == 0)
		size--;
	if (size == 0)
		txn_delete(txn, TABLE_LENGTH, &key);
	else
		txn_put(txn, TABLE_LENGTH, &key, slice_of(bytes, size));
}

uint8_t search_length_get(struct txn *txn, uint64_t id)
{
	struct slice bytes = chunk_bytes(txn, id / SEARCH_LENGTH_CHUNK);
	size_t place = id % SEARCH_LENGTH_CHUNK;
	return place < bytes.size ? bytes.data[place] : 0;
}

void search_lengths_init(struct search_lengths *lengths, struct txn *txn)
{
	*lengths = (struct search_lengths){ .txn = txn, .chunk = UINT64_MAX };
}

uint32_t search_length(struct search_lengths *lengths, uint64_t id)
{
	uint64_t chunk = id / SEARCH_LENGTH_CHUNK;
	size_t place = id % SEARCH_LENGTH_CHUNK;
	if (chunk != lengths->chunk) {
		lengths->bytes = chunk_bytes(lengths->txn, chunk);
		lengths->chunk = chunk;
	}
	return place < lengths->bytes.size ? search_length_of_code(lengths->bytes.data[place]) : 0;
}
