/* The words of a document while they are counted: a hash table. */
#pragma once
#include "analysis/analyzer.h"
#include "base/arena.h"
#include "store/search_document.h"

#include <sodium.h>

/* Columns of document_term.weights, as bits. */
enum { COLUMN_BEFORE = 1, COLUMN_AFTER = 2, COLUMN_COUNT = 2 };

/* By hash, open addressing. The hash is keyed, so that no text can make it slow; the order of the
 * result does not depend on it. Zeroed but for arena and key at first. */
struct word_table {
	struct arena *arena;
	const uint8_t *hash_key; /* crypto_shorthash_KEYBYTES */
	struct document_term **slots;
	size_t slot_count;
	size_t count;
};

/* An entry by itself, with its word alone. NULL when out of memory. */
struct document_term *word_new(struct arena *arena, struct slice word);

/* The entry of a word, new where there was none. NULL when out of memory. */
struct document_term *word_table_take(struct word_table *table, struct slice word);

/* Moves all entries to the beginning of the slots, in no order; the table is no table any more. */
void word_table_list(struct word_table *table);

/* In the order of their bytes. */
void words_sort(struct document_term **words, size_t count);
