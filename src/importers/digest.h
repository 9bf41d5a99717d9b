/* Short fingerprints of texts that are too long to keep. */
#pragma once
#include "base/slice.h"

struct digest {
	uint8_t bytes[16]; /* BLAKE2b */
};

struct digest digest_of(struct slice text);

static inline bool digest_equals(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
