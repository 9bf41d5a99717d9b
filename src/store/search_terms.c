/* Walking through the terms of the index: those of the blocks and those of the recent changes. */
#include "store/search_private.h"

/* Leaps over the further blocks of a term: they end before the first longer term. */
static void leap_blocks(struct search_terms *terms, struct slice term)
{
	struct key key;
	uint8_t behind[TERM_BYTES_MAX + 1];
	if (term.size > TERM_BYTES_MAX)
		return; /* damage; the walk goes on step by step */
	memcpy(behind, term.data, term.size);
	behind[term.size] = 1;
	key_search(&key, terms->hidden, slice_of(behind, term.size + 1));
	walk_seek(&terms->walk, key_slice(&key));
}

/* The next term of the blocks. */
static void read_blocks(struct search_terms *terms)
{
	bool hidden;
	bool is_first;
	uint64_t floor;
	struct search_first first;
	struct slice term;
	terms->block_term = slice_of(NULL, 0);
	while (walk_next(&terms->walk) &&
		key_has_prefix(terms->walk.key, key_slice(&terms->prefix))) {
		if (!key_read_search(terms->walk.key, &hidden, &term, &is_first, &floor) ||
			(is_first && !search_first_read(terms->walk.value, &first))) {
			txn_fail_corrupt(terms->walk.txn, "entry of the search index", 0);
			return;
		}
		if (is_first) {
			terms->block_term = term;
			terms->block_documents = first.documents;
			return;
		}
		leap_blocks(terms, term);
	}
}

static struct slice prefix_of(const struct search_terms *terms)
{
	return slice_of(terms->prefix.bytes + 1, terms->prefix.size - 1);
}

/* The next term of the recent changes. */
static void read_recent(struct search_terms *terms)
{
	terms->recent_term = slice_of(NULL, 0);
	if (terms->recent != NULL && recent_walk_next(terms->recent) &&
		key_has_prefix(terms->recent->term, prefix_of(terms)))
		terms->recent_term = terms->recent->term;
}

static void start_recent(struct search_terms *terms)
{
	struct search_reader *reader = terms->reader;
	if (reader->recent_count == 0)
		return;
	terms->recent = arena_alloc(reader->arena, sizeof *terms->recent);
	if (terms->recent == NULL ||
		!recent_walk_start(terms->recent, reader, terms->hidden, prefix_of(terms)))
		txn_fail_memory(reader->txn);
	else
		read_recent(terms);
}

void search_terms_start(
	struct search_terms *terms, struct search_reader *reader, bool hidden, struct slice prefix)
{
	*terms = (struct search_terms){ .reader = reader, .hidden = hidden };
	key_search(&terms->prefix, hidden, prefix);
	walk_start(&terms->walk, reader->txn, TABLE_SEARCH, key_slice(&terms->prefix));
	read_blocks(terms);
	start_recent(terms);
}

/* A term that recent changes have: their walk's bytes go on to the next one. */
static bool keep_term(struct search_terms *terms)
{
	uint8_t *bytes = arena_alloc(terms->reader->arena, terms->recent_term.size);
	if (bytes == NULL) {
		txn_fail_memory(terms->reader->txn);
		return false;
	}
	memcpy(bytes, terms->recent_term.data, terms->recent_term.size);
	terms->term = slice_of(bytes, terms->recent_term.size);
	return true;
}

/* Takes the smaller one of both next terms, or both where they are the same. */
static bool take(struct search_terms *terms)
{
	int order = terms->recent_term.size == 0 ? -1
		    : terms->block_term.size == 0
			    ? 1
			    : slice_compare(terms->block_term, terms->recent_term);
	terms->documents = 0;
	if (order <= 0) {
		terms->term = terms->block_term;
		terms->documents = terms->block_documents;
		read_blocks(terms);
	}
	if (order < 0)
		return true;
	const struct recent_walk *recent = terms->recent;
	for (size_t i = 0; i < recent->change_count; i++) {
		terms->documents += recent->changes[i].after != 0;
		terms->documents -= recent->changes[i].before != 0;
	}
	if (order > 0 && terms->documents > 0 && !keep_term(terms))
		return false;
	read_recent(terms);
	return true;
}

bool search_terms_next(struct search_terms *terms)
{
	while ((terms->block_term.size > 0 || terms->recent_term.size > 0) &&
		txn_status(terms->reader->txn, NULL) == CODE_OK && take(terms))
		if (terms->documents > 0)
			return true;
	return false;
}

void search_terms_end(struct search_terms *terms)
{
	walk_end(&terms->walk);
}
