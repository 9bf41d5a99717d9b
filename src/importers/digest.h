/* Short fingerprints of texts that are too long to keep. */
#pragma once
#include "base/slice.h"

struct digest {
	uint8_t bytes[16]; /* BLAKE2b */
};

struct digest digest_of(struct slice text);

/* The first 8 bytes as a number that is not 0, for tables with an empty place. */
uint64_t digest_number(struct slice text);

enum { DIGEST_HEX_BYTES = 2 * sizeof(struct digest) + 1 };

void digest_hex(const struct digest *digest, char out[DIGEST_HEX_BYTES]);

static inline bool digest_equals(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
