#include "store/search_document.h"

#include "analysis/html_text.h"
#include "store/search_private.h"

#include <sodium.h>
#include <stdlib.h>

enum {
	SLOTS_FIRST = 1024, /* a power of two */
	/* Columns of document_term.weights, as bits. */
	BEFORE = 1,
	AFTER = 2,
};

/* Terms by hash, open addressing. The hash is keyed, so that no text can make it slow; the order of
 * the result does not depend on it. */
struct term_table {
	struct arena *arena;
	struct document_term **slots;
	size_t slot_count;
	size_t count;
	uint64_t lengths[2];
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
};

static uint32_t hash_of(const struct term_table *table, struct slice term)
{
	uint32_t words[crypto_shorthash_BYTES / sizeof(uint32_t)];
	crypto_shorthash((unsigned char *)words, term.data, term.size, table->hash_key);
	return words[0];
}

/* The slot of a term, or the empty one where it belongs. */
static size_t find_slot(const struct term_table *table, struct slice term, uint32_t hash)
{
	size_t mask = table->slot_count - 1;
	size_t at = hash & mask;
	for (;; at = (at + 1) & mask) {
		const struct document_term *held = table->slots[at];
		if (held == NULL ||
			(held->hash == hash && slice_equals(document_term_slice(held), term)))
			return at;
	}
}

static bool grow(struct term_table *table)
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

static uint64_t head_of(struct slice term)
{
	uint64_t head = 0;
	for (size_t i = 0; i < sizeof head; i++)
		head = head << 8 | (i < term.size ? term.data[i] : 0);
	return head;
}

static bool add(struct term_table *table, struct slice term, uint32_t weight, unsigned columns)
{
	if (table->count >= table->slot_count / 4 * 3 && !grow(table))
		return false;
	uint32_t hash = hash_of(table, term);
	size_t slot = find_slot(table, term, hash);
	struct document_term *entry = table->slots[slot];
	if (entry == NULL) {
		entry = arena_alloc(table->arena, sizeof *entry + term.size);
		if (entry == NULL)
			return false;
		*entry = (struct document_term){
			.hash = hash, .head = head_of(term), .size = (uint8_t)term.size
		};
		memcpy(entry->bytes, term.data, term.size);
		table->slots[slot] = entry;
		table->count++;
	}
	for (unsigned column = 0; column < 2; column++) {
		if ((columns >> column & 1) == 0)
			continue;
		entry->weights[column] += weight;
		entry->in_title[column] |= weight == WEIGHT_TITLE;
		table->lengths[column] += weight;
	}
	return true;
}

static bool add_text(struct term_table *table, struct analyzer *analyzer, struct slice text,
	const char *language, uint32_t weight, unsigned columns)
{
	struct token token;
	analyzer_start(analyzer, text, language);
	while (analyzer_next(analyzer, &token))
		if (!add(table, token.term, weight, columns))
			return false;
	return true;
}

static bool add_html(struct term_table *table, struct analyzer *analyzer, struct slice html,
	const char *language, unsigned columns)
{
	struct html_text text;
	struct token token;
	size_t heading = 0;
	if (!html_text(table->arena, html, &text))
		return false;
	analyzer_start(analyzer, text.text, language);
	while (analyzer_next(analyzer, &token)) {
		while (heading < text.heading_count && text.headings[heading].end <= token.start)
			heading++;
		bool in_heading =
			heading < text.heading_count && text.headings[heading].start <= token.start;
		if (!add(table, token.term, in_heading ? WEIGHT_HEADING : WEIGHT_TEXT, columns))
			return false;
	}
	return true;
}

enum part { TITLE, EXCERPT, HTML, PART_COUNT };

static struct slice text_of(const struct search_document *document, enum part part)
{
	switch (part) {
	case TITLE:
		return document->title;
	case EXCERPT:
		return document->excerpt;
	case HTML:
		return document->html;
	case PART_COUNT:
		break;
	}
	return slice_of(NULL, 0);
}

static bool add_part(struct term_table *table, struct analyzer *analyzer,
	const struct search_document *document, enum part part, unsigned columns)
{
	struct slice text = text_of(document, part);
	if (text.size == 0)
		return true;
	if (part == HTML)
		return add_html(table, analyzer, text, document->language, columns);
	return add_text(table, analyzer, text, document->language,
		part == TITLE ? WEIGHT_TITLE : WEIGHT_TEXT, columns);
}

/* A part that is the same before and after is read once. */
static bool add_documents(struct term_table *table, struct analyzer *analyzer,
	const struct search_document *before, const struct search_document *after)
{
	bool comparable = before != NULL && after != NULL &&
			  analyzer_language(before->language) == analyzer_language(after->language);
	for (enum part part = TITLE; part < PART_COUNT; part++) {
		bool same = comparable && slice_equals(text_of(before, part), text_of(after, part));
		if (before != NULL &&
			!add_part(table, analyzer, before, part, same ? BEFORE | AFTER : BEFORE))
			return false;
		if (after != NULL && !same && !add_part(table, analyzer, after, part, AFTER))
			return false;
	}
	return true;
}

bool search_document_terms(struct arena *arena, struct analyzer *analyzer,
	const struct search_document *before, const struct search_document *after,
	struct document_terms *ret)
{
	struct term_table table = { .arena = arena };
	randombytes_buf(table.hash_key, sizeof table.hash_key);
	if (!add_documents(&table, analyzer, before, after))
		return false;
	size_t kept = 0;
	for (size_t i = 0; i < table.slot_count; i++)
		if (table.slots[i] != NULL)
			table.slots[kept++] = table.slots[i];
	for (size_t i = 0; i < kept; i++)
		for (size_t column = 0; column < 2; column++)
			table.slots[i]->weights[column] = search_weight_pack(
				table.slots[i]->weights[column], table.slots[i]->in_title[column]);
	*ret = (struct document_terms){ .terms = table.slots,
		.count = kept,
		.lengths = { table.lengths[0], table.lengths[1] } };
	return true;
}

static int compare_terms(const void *a, const void *b)
{
	const struct document_term *left = *(struct document_term *const *)a;
	const struct document_term *right = *(struct document_term *const *)b;
	if (left->head != right->head)
		return left->head < right->head ? -1 : 1;
	return slice_compare(document_term_slice(left), document_term_slice(right));
}

void document_terms_sort(struct document_terms *terms)
{
	if (terms->count > 0)
		qsort(terms->terms, terms->count, sizeof *terms->terms, compare_terms);
}

bool search_document_equals(const struct search_document *a, const struct search_document *b)
{
	return a->hidden == b->hidden &&
	       analyzer_language(a->language) == analyzer_language(b->language) &&
	       slice_equals(a->title, b->title) && slice_equals(a->excerpt, b->excerpt) &&
	       slice_equals(a->html, b->html);
}

void search_document_of(
	const Lectern__V1__Post *summary, struct slice html, struct search_document *ret)
{
	*ret = (struct search_document){
		.id = summary->id,
		.hidden = summary->state != LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED,
		.title = slice_of_text(summary->title),
		.excerpt = slice_of_text(summary->excerpt),
		.html = html,
		.language = summary->language,
	};
}
