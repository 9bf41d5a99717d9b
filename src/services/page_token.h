/*
 * Page tokens: where a list goes on, as a text that only this store's server can make. A token
 * holds a position (bytes whose meaning is the list's own), the fingerprint of the query that it
 * belongs to, and a MAC with a key that the store keeps.
 */
#pragma once
#include "services/services_private.h"

enum { PAGE_POSITION_BYTES_MAX = 640, PAGE_FINGERPRINT_BYTES = 8 };

/* Tells queries apart: everything that chooses and orders the entries, but not how many of them or
 * how much of each. */
struct page_fingerprint {
	uint8_t bytes[PAGE_FINGERPRINT_BYTES];
};

/* Each part counts with its length, so that ("ab", "c") is not ("a", "bc"). */
void page_fingerprint(struct page_fingerprint *ret, const struct slice *parts, size_t count);

/* Adds a token as field `number` of the reply. The position has at most PAGE_POSITION_BYTES_MAX
 * bytes and may be empty: the beginning of the list. */
void page_token_reply(struct rpc_call *call, uint32_t number,
	const struct page_fingerprint *fingerprint, struct slice position);

/* The position of a token; the bytes are put into the call's arena. INVALID_ARGUMENT for what is no
 * token, was changed, or belongs to another query or store. */
enum code page_token_read(struct rpc_call *call, const char *text,
	const struct page_fingerprint *fingerprint, struct slice *ret, struct error *err) NODISCARD;
