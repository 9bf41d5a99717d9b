/* What the files of the search index share: search_index.c, search_postings.c, search_length.c, and
 * the checker's part for it. */
#pragma once
#include "store/search_index.h"

/* The value of a term's first block: varint(how many posts the term has * 2 + (there are further
 * blocks)), then the block. */
struct search_first {
	uint64_t documents;
	bool has_further;
	struct slice block;
};
bool search_first_read(struct slice value, struct search_first *ret) NODISCARD;

/* A length as the byte that the store keeps, never 0, and back. */
uint8_t search_length_code(uint64_t length);
uint32_t search_length_of_code(uint8_t code);

/* Writes the byte of a post; 0: it has no text in the index. */
void search_length_put(struct txn *txn, uint64_t id, uint8_t code);
/* The byte of a post, 0 if none. */
uint8_t search_length_get(struct txn *txn, uint64_t id);
enum { SEARCH_LENGTH_CHUNK = 1024 }; /* ids whose bytes stand in one record */
