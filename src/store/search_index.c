/* Writing the search index. */
#include "store/search_index.h"

#include "base/wire.h"
#include "store/posting.h"
#include "store/search_block.h"
#include "store/search_document.h"
#include "store/search_private.h"

#include <assert.h>

bool search_first_read(struct slice value, struct search_first *ret)
{
	uint64_t head;
	if (!wire_take_varint(&value, &head))
		return false;
	ret->documents = head >> 1;
	ret->has_further = (head & 1) != 0;
	ret->block = value;
	return ret->documents > 0 && value.size > 0;
}

/* One change of one term. */
struct edit {
	struct txn *txn;
	bool hidden;
	struct slice term;
	struct search_posting posting; /* weight 0: to be removed */
	bool was_there;
};

static void fail_damaged(const struct edit *edit)
{
	txn_fail_corrupt(edit->txn, "block of the search index with post", edit->posting.id);
}

static void put_first(const struct edit *edit, const struct search_first *first)
{
	uint8_t value[WIRE_VARINT_BYTES_MAX + sizeof((struct search_block *)0)->bytes];
	size_t size = wire_put_varint(value, first->documents << 1 | first->has_further);
	struct key key;
	memcpy(value + size, first->block.data, first->block.size);
	key_search(&key, edit->hidden, edit->term);
	txn_put(edit->txn, TABLE_SEARCH, &key, slice_of(value, size + first->block.size));
}

static void put_further(const struct edit *edit, uint64_t floor, const struct search_block *block)
{
	struct key key;
	key_search_block(&key, edit->hidden, edit->term, floor);
	txn_put(edit->txn, TABLE_SEARCH, &key, search_block_slice(block));
}

static void delete_further(const struct edit *edit, uint64_t floor)
{
	struct key key;
	key_search_block(&key, edit->hidden, edit->term, floor);
	txn_delete(edit->txn, TABLE_SEARCH, &key);
}

/* Whether an entry is one of the further blocks of the term. */
static bool is_further(const struct edit *edit, struct slice key, uint64_t *floor)
{
	struct slice term;
	bool hidden;
	bool is_first;
	return key_read_search(key, &hidden, &term, &is_first, floor) && !is_first &&
	       hidden == edit->hidden && slice_equals(term, edit->term);
}

/* The last of the further blocks that begins at or below an id; false if that is the first block.
 */
static bool find_further(const struct edit *edit, uint64_t id, uint64_t *floor, struct slice *block)
{
	struct key key;
	struct walk walk;
	key_search_block(&key, edit->hidden, edit->term, id + 1);
	walk_start(&walk, edit->txn, TABLE_SEARCH, key_slice(&key));
	bool found = walk_previous(&walk) && is_further(edit, walk.key, floor);
	*block = walk.value;
	walk_end(&walk);
	return found;
}

/* The first of the further blocks. */
static bool find_second(const struct edit *edit, uint64_t *floor, struct slice *block)
{
	struct key key;
	struct walk walk;
	key_search_block(&key, edit->hidden, edit->term, 0);
	walk_start(&walk, edit->txn, TABLE_SEARCH, key_slice(&key));
	bool found = walk_next(&walk) && is_further(edit, walk.key, floor);
	*block = walk.value;
	walk_end(&walk);
	return found;
}

static bool has_second(const struct edit *edit)
{
	uint64_t floor;
	struct slice block;
	return find_second(edit, &floor, &block);
}

/* The first block has lost its last posting: the second one becomes the first. */
static void replace_first(const struct edit *edit, struct search_first first)
{
	uint8_t bytes[SEARCH_BLOCK_BYTES_MAX];
	struct slice second;
	uint64_t floor;
	struct key key;
	if (first.documents == 0) {
		key_search(&key, edit->hidden, edit->term);
		txn_delete(edit->txn, TABLE_SEARCH, &key);
		return;
	}
	if (!find_second(edit, &floor, &second) || second.size > sizeof bytes) {
		fail_damaged(edit);
		return;
	}
	memcpy(bytes, second.data, second.size);
	delete_further(edit, floor);
	first.block = slice_of(bytes, second.size);
	first.has_further = has_second(edit);
	put_first(edit, &first);
}

static void store_first(
	const struct edit *edit, struct search_first first, const struct search_block *block)
{
	struct search_block left;
	struct search_block right;
	first.block = search_block_slice(block);
	if (block->size == 0) {
		replace_first(edit, first);
		return;
	}
	if (block->size > SEARCH_BLOCK_BYTES_MAX) {
		put_further(edit, search_block_split(block, &left, &right), &right);
		first.block = search_block_slice(&left);
		first.has_further = true;
	}
	put_first(edit, &first);
}

static void store_further(const struct edit *edit, uint64_t floor, const struct search_block *block)
{
	struct search_block left;
	struct search_block right;
	if (block->size == 0) {
		delete_further(edit, floor);
	} else if (block->size <= SEARCH_BLOCK_BYTES_MAX) {
		put_further(edit, floor, block);
	} else {
		put_further(edit, search_block_split(block, &left, &right), &right);
		put_further(edit, floor, &left);
	}
}

/* A posting of a further block; the number of documents stands in the first one. */
static void edit_further(const struct edit *edit, struct search_first first,
	const struct search_first *old, uint64_t floor, const struct search_block *block)
{
	uint8_t bytes[SEARCH_BLOCK_BYTES_MAX];
	memcpy(bytes, old->block.data, old->block.size);
	first.block = slice_of(bytes, old->block.size);
	store_further(edit, floor, block);
	if (block->size == 0)
		first.has_further = has_second(edit);
	if (first.documents != old->documents || first.has_further != old->has_further)
		put_first(edit, &first);
}

static void edit_term(const struct edit *edit)
{
	struct key key;
	struct slice value;
	struct search_first old = { .documents = 0 };
	struct search_block_view view;
	struct slice further;
	struct search_block block;
	uint64_t floor;
	key_search(&key, edit->hidden, edit->term);
	bool is_new = !txn_get(edit->txn, TABLE_SEARCH, &key, &value);
	if (!is_new &&
		(!search_first_read(value, &old) || old.block.size > SEARCH_BLOCK_BYTES_MAX ||
			!search_block_read(old.block, &view))) {
		fail_damaged(edit);
		return;
	}
	bool in_further = old.has_further && edit->posting.id > view.last_id &&
			  find_further(edit, edit->posting.id, &floor, &further);
	if (!search_block_edit(
		    in_further ? further : old.block, edit->posting, edit->was_there, &block)) {
		fail_damaged(edit);
		return;
	}
	struct search_first first = old;
	first.documents += !edit->was_there;
	first.documents -= edit->posting.weight == 0;
	if (in_further)
		edit_further(edit, first, &old, floor, &block);
	else
		store_first(edit, first, &block);
}

/* What a document is to one half of the index. */
struct side {
	bool is_in;
	uint8_t length_code;
	unsigned language;
};

static struct side side_of(const struct search_document *document, bool hidden, uint64_t length)
{
	if (document == NULL || document->hidden != hidden)
		return (struct side){ .is_in = false };
	return (struct side){ .is_in = true,
		.length_code = search_length_code(length),
		.language = analyzer_language(document->language) };
}

static void count_side(struct txn *txn, bool hidden, const struct side *side, int64_t sign)
{
	if (!side->is_in)
		return;
	counter_add(txn, SEARCH_DOCUMENTS, hidden, sign);
	int64_t length = search_length_of_code(side->length_code);
	if (length > 0)
		counter_add(txn, SEARCH_LENGTH, hidden, sign * length);
	counter_add(txn, SEARCH_LANGUAGE, hidden * 256U + side->language, sign);
}

static void replace_half(struct txn *txn, bool hidden, uint64_t id,
	const struct document_terms *terms, const struct side *before, const struct side *after)
{
	for (size_t i = 0; i < terms->count && txn_status(txn, NULL) == CODE_OK; i++) {
		const struct document_term *term = terms->terms[i];
		uint32_t old = before->is_in ? term->weights[0] : 0;
		uint32_t new = after->is_in ? term->weights[1] : 0;
		struct edit edit = { .txn = txn,
			.hidden = hidden,
			.term = document_term_slice(term),
			.posting = { .id = id, .weight = new },
			.was_there = old != 0 };
		if (old != new)
			edit_term(&edit);
	}
	count_side(txn, hidden, after, 1);
	count_side(txn, hidden, before, -1);
}

void search_index_replace(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	const struct search_document *before, const struct search_document *after)
{
	struct document_terms terms;
	if ((before == NULL && after == NULL) ||
		(before != NULL && after != NULL && search_document_equals(before, after)))
		return;
	if (!search_document_terms(arena, analyzer, before, after, &terms)) {
		txn_fail_memory(txn);
		return;
	}
	uint64_t id = before != NULL ? before->id : after->id;
	for (int hidden = 0; hidden <= 1; hidden++) {
		struct side old = side_of(before, hidden, terms.lengths[0]);
		struct side new = side_of(after, hidden, terms.lengths[1]);
		if (old.is_in || new.is_in)
			replace_half(txn, hidden, id, &terms, &old, &new);
	}
	search_length_put(txn, id, after == NULL ? 0 : search_length_code(terms.lengths[1]));
}

void search_statistics(struct txn *txn, bool hidden, struct search_statistics *ret)
{
	ret->documents = posting_count(txn, SEARCH_DOCUMENTS, hidden);
	ret->length = posting_count(txn, SEARCH_LENGTH, hidden);
}

size_t search_languages(struct txn *txn, bool hidden, uint8_t ret[ANALYZER_LANGUAGES_MAX])
{
	size_t count = 0;
	for (unsigned language = 0; language < ANALYZER_LANGUAGES_MAX; language++)
		if (posting_count(txn, SEARCH_LANGUAGE, hidden * 256U + language) > 0)
			ret[count++] = (uint8_t)language;
	return count;
}
