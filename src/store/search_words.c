#include "store/search_words.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 1024 }; /* a power of two */

static uint32_t hash_of(const struct word_table *table, struct slice word)
{
	uint32_t words[crypto_shorthash_BYTES / sizeof(uint32_t)];
	crypto_shorthash((unsigned char *)words, word.data, word.size, table->hash_key);
	return words[0];
}

/* The slot of a word, or the empty one where it belongs. */
static size_t find_slot(const struct word_table *table, struct slice word, uint32_t hash)
{
	size_t mask = table->slot_count - 1;
	size_t at = hash & mask;
	for (;; at = (at + 1) & mask) {
		const struct document_term *held = table->slots[at];
		if (held == NULL ||
			(held->hash == hash && slice_equals(document_term_slice(held), word)))
			return at;
	}
}

static bool grow(struct word_table *table)
{
	struct document_term **old = table->slots;
	size_t old_count = table->slot_count;
	struct document_term **slots = arena_calloc(table->arena,
		old_count == 0 ? SLOTS_FIRST : old_count * 2, sizeof(struct document_term *));
	if (slots == NULL)
		return false;
	table->slots = slots;
	table->slot_count = old_count == 0 ? SLOTS_FIRST : old_count * 2;
	for (size_t i = 0; i < old_count; i++)
		if (old[i] != NULL)
			slots[find_slot(table, document_term_slice(old[i]), old[i]->hash)] = old[i];
	return true;
}

static uint64_t head_of(struct slice word)
{
	uint64_t head = 0;
	for (size_t i = 0; i < sizeof head; i++)
		head = head << 8 | (i < word.size ? word.data[i] : 0);
	return head;
}

struct document_term *word_new(struct arena *arena, struct slice word)
{
	struct document_term *entry =
		arena_alloc(arena, offsetof(struct document_term, bytes) + word.size);
	if (entry == NULL)
		return NULL;
	*entry = (struct document_term){ .head = head_of(word), .size = (uint8_t)word.size };
	memcpy(entry->bytes, word.data, word.size);
	return entry;
}

struct document_term *word_table_take(struct word_table *table, struct slice word)
{
	if (table->count >= table->slot_count / 4 * 3 && !grow(table))
		return NULL;
	uint32_t hash = hash_of(table, word);
	size_t slot = find_slot(table, word, hash);
	struct document_term *entry = table->slots[slot];
	if (entry != NULL)
		return entry;
	entry = word_new(table->arena, word);
	if (entry == NULL)
		return NULL;
	entry->hash = hash;
	table->slots[slot] = entry;
	table->count++;
	return entry;
}

void word_table_list(struct word_table *table)
{
	size_t kept = 0;
	for (size_t i = 0; i < table->slot_count; i++)
		if (table->slots[i] != NULL)
			table->slots[kept++] = table->slots[i];
}

static int compare_words(const void *a, const void *b)
{
	const struct document_term *left = *(struct document_term *const *)a;
	const struct document_term *right = *(struct document_term *const *)b;
	if (left->head != right->head)
		return left->head < right->head ? -1 : 1;
	return slice_compare(document_term_slice(left), document_term_slice(right));
}

void words_sort(struct document_term **words, size_t count)
{
	if (count > 0)
		qsort(words, count, sizeof *words, compare_words);
}
