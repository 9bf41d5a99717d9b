/*
 * Tokens: what a caller shows to be let in.
 *
 *   lectern_<id>_<secret><checksum>
 *
 * All after the prefix is lower-case hexadecimal: an id of 12 digits, a secret of 64 and a checksum
 * of 8, the first 4 bytes of BLAKE2b-256 over all that stands before it. The prefix is for programs
 * that look for secrets in places where none should be, the checksum tells a token that was cut or
 * mistyped from one that nobody knows. The id is public: it stands in the tokens file, and says
 * which line to look at. The secret is 256 bits of randomness.
 *
 * The server keeps BLAKE2b-256 of the token and nothing else. A slow hash for passwords (Argon2,
 * scrypt) protects what people choose from being guessed; 256 random bits cannot be guessed at any
 * speed, so the slow hash would only make each call expensive. No salt either: no two tokens are
 * the same.
 */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#define TOKEN_PREFIX "lectern_"

enum {
	TOKEN_PREFIX_BYTES = sizeof TOKEN_PREFIX - 1,
	TOKEN_ID_BYTES = 12,
	TOKEN_SECRET_BYTES = 64,
	TOKEN_CHECKSUM_BYTES = 8,
	TOKEN_BYTES =
		TOKEN_PREFIX_BYTES + TOKEN_ID_BYTES + 1 + TOKEN_SECRET_BYTES + TOKEN_CHECKSUM_BYTES,
	TOKEN_HASH_BYTES = 32,
};

/* A new one. sodium_init() was called. */
void token_make(char text[TOKEN_BYTES + 1]);

/* Whether the text has the form of a token and its checksum. That needs no secret to find out. */
bool token_is_whole(struct slice text);

/* The id of a whole token: TOKEN_ID_BYTES digits. */
static inline const char *token_id(struct slice text)
{
	return (const char *)text.data + TOKEN_PREFIX_BYTES;
}

/* What is kept of a whole token. */
void token_hash(struct slice text, uint8_t hash[TOKEN_HASH_BYTES]);

/* In the time that the number of bytes takes, whatever they are. */
bool token_hash_equals(const uint8_t a[TOKEN_HASH_BYTES], const uint8_t b[TOKEN_HASH_BYTES]);
