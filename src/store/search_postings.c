/* Reading the search index. */
#include "store/search_block.h"
#include "store/search_private.h"

static void fail_damaged(struct search_postings *postings)
{
	txn_fail_corrupt(postings->txn, "block of the search index with post", postings->id);
	postings->ended = true;
}

static void begin_block(struct search_postings *postings, struct slice block)
{
	struct search_block_view view;
	if (!search_block_read(block, &view)) {
		fail_damaged(postings);
		return;
	}
	postings->rest = view.postings;
	postings->last_id = view.last_id;
	postings->block_id = 0;
	postings->blocks_read++;
}

void search_postings_start(
	struct search_postings *postings, struct txn *txn, bool hidden, struct slice term)
{
	struct slice value;
	*postings = (struct search_postings){ .txn = txn, .hidden = hidden, .ended = true };
	if (term.size == 0 || term.size > sizeof postings->term)
		return;
	memcpy(postings->term, term.data, term.size);
	postings->term_bytes = (uint8_t)term.size;
	struct key key;
	key_search(&key, hidden, term);
	if (!txn_get(txn, TABLE_SEARCH, &key, &value))
		return;
	postings->ended = false;
	struct search_first first;
	if (!search_first_read(value, &first)) {
		fail_damaged(postings);
		return;
	}
	postings->documents = first.documents;
	postings->has_further = first.has_further;
	begin_block(postings, first.block);
}

static struct slice term_of(const struct search_postings *postings)
{
	return slice_of(postings->term, postings->term_bytes);
}

/* Makes an entry of the table the current block, if it is one of this term behind the current one.
 */
static bool take_block(struct search_postings *postings, const struct walk *walk)
{
	bool hidden;
	bool is_first;
	struct slice term;
	uint64_t floor;
	if (!key_read_search(walk->key, &hidden, &term, &is_first, &floor) ||
		hidden != postings->hidden || is_first || floor <= postings->floor ||
		!slice_equals(term, term_of(postings)))
		return false;
	postings->floor = floor;
	begin_block(postings, walk->value);
	return true;
}

/* No cursor stays open between two blocks, so any number of terms can be read at once. */
static bool next_block(struct search_postings *postings)
{
	if (!postings->has_further)
		return false;
	struct key key;
	struct walk walk;
	key_search_block(&key, postings->hidden, term_of(postings), postings->floor + 1);
	walk_start(&walk, postings->txn, TABLE_SEARCH, key_slice(&key));
	bool taken = walk_next(&walk) && take_block(postings, &walk);
	walk_end(&walk);
	return taken;
}

/* Leaps to the block where an id stands if it stands in the index; stays where that is no leap. */
static void seek_block(struct search_postings *postings, uint64_t id)
{
	if (!postings->has_further)
		return;
	struct key key;
	struct walk walk;
	key_search_block(&key, postings->hidden, term_of(postings), id + 1);
	walk_start(&walk, postings->txn, TABLE_SEARCH, key_slice(&key));
	if (walk_previous(&walk))
		take_block(postings, &walk);
	walk_end(&walk);
}

/* The next posting of the current block. */
static bool next_in_block(struct search_postings *postings)
{
	struct search_posting posting = { .id = postings->block_id };
	if (postings->rest.size == 0)
		return false;
	if (!search_block_next(&postings->rest, &posting) || posting.id <= postings->id) {
		fail_damaged(postings);
		return false;
	}
	postings->block_id = postings->id = posting.id;
	postings->weight = posting.weight;
	return true;
}

bool search_postings_next(struct search_postings *postings)
{
	while (!postings->ended) {
		if (next_in_block(postings))
			return true;
		if (!postings->ended && !next_block(postings))
			postings->ended = true;
	}
	return false;
}

bool search_postings_seek(struct search_postings *postings, uint64_t id)
{
	if (postings->id >= id && postings->id > 0)
		return !postings->ended;
	if (!postings->ended && id > postings->last_id) {
		postings->rest.size = 0;
		seek_block(postings, id);
	}
	while (search_postings_next(postings))
		if (postings->id >= id)
			return true;
	return false;
}

void search_postings_end(struct search_postings *postings)
{
	postings->ended = true;
}

void search_terms_start(
	struct search_terms *terms, struct txn *txn, bool hidden, struct slice prefix)
{
	*terms = (struct search_terms){ .hidden = hidden };
	key_search(&terms->prefix, hidden, prefix);
	walk_start(&terms->walk, txn, TABLE_SEARCH, key_slice(&terms->prefix));
}

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

bool search_terms_next(struct search_terms *terms)
{
	bool hidden;
	bool is_first;
	uint64_t floor;
	struct search_first first;
	while (!terms->ended && walk_next(&terms->walk) &&
		key_has_prefix(terms->walk.key, key_slice(&terms->prefix))) {
		if (!key_read_search(terms->walk.key, &hidden, &terms->term, &is_first, &floor) ||
			(is_first && !search_first_read(terms->walk.value, &first))) {
			txn_fail_corrupt(terms->walk.txn, "entry of the search index", 0);
			break;
		}
		if (is_first) {
			terms->documents = first.documents;
			return true;
		}
		leap_blocks(terms, terms->term);
	}
	terms->ended = true;
	return false;
}

void search_terms_end(struct search_terms *terms)
{
	walk_end(&terms->walk);
}
