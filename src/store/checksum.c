#include "store/checksum.h"

#define XXH_INLINE_ALL /* the library is a header then; nothing to link */
#include <xxhash.h>

static uint32_t checksum_of(enum table table, struct slice key, struct slice value)
{
	XXH64_hash_t hash = XXH3_64bits_withSeed(key.data, key.size, (XXH64_hash_t)table);
	if (value.size > 0)
		hash = XXH3_64bits_withSeed(value.data, value.size, hash);
	return (uint32_t)hash;
}

void checksum_append(enum table table, struct slice key, struct slice value, uint8_t *out)
{
	uint32_t checksum = checksum_of(table, key, value);
	if (value.size > 0)
		memcpy(out, value.data, value.size);
	for (size_t i = 0; i < CHECKSUM_BYTES; i++)
		out[value.size + i] = (uint8_t)(checksum >> 8 * i);
}

bool checksum_strip(enum table table, struct slice key, struct slice *value)
{
	if (value->size < CHECKSUM_BYTES)
		return false;
	struct slice rest = slice_of(value->data, value->size - CHECKSUM_BYTES);
	uint32_t found = 0;
	for (size_t i = 0; i < CHECKSUM_BYTES; i++)
		found |= (uint32_t)value->data[rest.size + i] << 8 * i;
	if (found != checksum_of(table, key, rest))
		return false;
	*value = rest;
	return true;
}
