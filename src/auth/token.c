#include "auth/token.h"

#include <sodium.h>

enum {
	SEPARATOR_AT = TOKEN_PREFIX_BYTES + TOKEN_ID_BYTES,
	CHECKSUM_AT = TOKEN_BYTES - TOKEN_CHECKSUM_BYTES,
};

static void add_random(char *out, size_t digits)
{
	uint8_t random[TOKEN_SECRET_BYTES / 2];
	randombytes_buf(random, digits / 2);
	sodium_bin2hex(out, digits + 1, random, digits / 2);
	sodium_memzero(random, sizeof random);
}

static void checksum_of(const void *text, char out[TOKEN_CHECKSUM_BYTES + 1])
{
	uint8_t hash[TOKEN_HASH_BYTES];
	crypto_generichash(hash, sizeof hash, text, CHECKSUM_AT, NULL, 0);
	sodium_bin2hex(out, TOKEN_CHECKSUM_BYTES + 1, hash, TOKEN_CHECKSUM_BYTES / 2);
}

void token_make(char text[TOKEN_BYTES + 1])
{
	memcpy(text, TOKEN_PREFIX, TOKEN_PREFIX_BYTES);
	add_random(text + TOKEN_PREFIX_BYTES, TOKEN_ID_BYTES);
	text[SEPARATOR_AT] = '_';
	add_random(text + SEPARATOR_AT + 1, TOKEN_SECRET_BYTES);
	checksum_of(text, text + CHECKSUM_AT);
}

static bool is_digit(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool token_is_whole(struct slice text)
{
	if (text.size != TOKEN_BYTES || memcmp(text.data, TOKEN_PREFIX, TOKEN_PREFIX_BYTES) != 0)
		return false;
	bool valid = text.data[SEPARATOR_AT] == '_';
	for (size_t i = TOKEN_PREFIX_BYTES; i < TOKEN_BYTES; i++)
		valid &= i == SEPARATOR_AT || is_digit(text.data[i]);
	char checksum[TOKEN_CHECKSUM_BYTES + 1];
	checksum_of(text.data, checksum);
	return valid && sodium_memcmp(checksum, text.data + CHECKSUM_AT, TOKEN_CHECKSUM_BYTES) == 0;
}

void token_hash(struct slice text, uint8_t hash[TOKEN_HASH_BYTES])
{
	crypto_generichash(hash, TOKEN_HASH_BYTES, text.data, text.size, NULL, 0);
}

bool token_hash_equals(const uint8_t a[TOKEN_HASH_BYTES], const uint8_t b[TOKEN_HASH_BYTES])
{
	return sodium_memcmp(a, b, TOKEN_HASH_BYTES) == 0;
}
