/* Writing the search index. */
#include "store/search_index.h"

#include "base/wire.h"
#include "store/posting.h"
#include "store/search_block.h"
#include "store/search_document.h"
#include "store/search_private.h"

#include <assert.h>

enum { COUNT_BYTES_MAX = WIRE_VARINT_BYTES_MAX };

bool search_first_block(struct slice value, uint64_t *documents, struct slice *postings)
{
	uint64_t count = 0;
	for (size_t i = 0; i < value.size && i < COUNT_BYTES_MAX; i++) {
		count |= (uint64_t)(value.data[i] & 0x7F) << (7 * i);
		if (value.data[i] < 0x80) {
			*documents = count;
			*postings = slice_of(value.data + i + 1, value.size - i - 1);
			return count > 0 && postings->size > 0;
		}
	}
	return false;
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

static void put_first(const struct edit *edit, uint64_t documents, const struct search_block *block)
{
	uint8_t value[COUNT_BYTES_MAX + sizeof block->bytes];
	size_t size = wire_put_varint(value, documents);
	struct key key;
	memcpy(value + size, block->bytes, block->size);
	key_search(&key, edit->hidden, edit->term);
	txn_put(edit->txn, TABLE_SEARCH, &key, slice_of(value, size + block->size));
}

static void put_further(const struct edit *edit, uint64_t floor, const struct search_block *block)
{
	struct key key;
	key_search_block(&key, edit->hidden, edit->term, floor);
	txn_put(edit->txn, TABLE_SEARCH, &key, slice_of(block->bytes, block->size));
}

static void delete_further(const struct edit *edit, uint64_t floor)
{
	struct key key;
	key_search_block(&key, edit->hidden, edit->term, floor);
	txn_delete(edit->txn, TABLE_SEARCH, &key);
}

static void copy_block(struct search_block *block, struct slice bytes)
{
	assert(bytes.size <= sizeof block->bytes);
	memcpy(block->bytes, bytes.data, bytes.size);
	block->size = bytes.size;
}

/* The last block of the term whose ids begin at or below `id`; false if that is the first one. */
static bool find_further(const struct edit *edit, uint64_t id, uint64_t *floor, struct slice *bytes)
{
	struct key key;
	struct walk walk;
	struct slice term;
	bool hidden;
	bool is_first;
	key_search_block(&key, edit->hidden, edit->term, id + 1);
	walk_start(&walk, edit->txn, TABLE_SEARCH, key_slice(&key));
	bool found = walk_previous(&walk) &&
		     key_read_search(walk.key, &hidden, &term, &is_first, floor) && !is_first &&
		     hidden == edit->hidden && slice_equals(term, edit->term);
	*bytes = walk.value;
	walk_end(&walk);
	return found;
}

/* The first of the further blocks of the term. */
static bool find_second(const struct edit *edit, uint64_t *floor, struct slice *bytes)
{
	struct key key;
	struct walk walk;
	struct slice term;
	bool hidden;
	bool is_first;
	key_search_block(&key, edit->hidden, edit->term, 0);
	walk_start(&walk, edit->txn, TABLE_SEARCH, key_slice(&key));
	bool found = walk_next(&walk) &&
		     key_read_search(walk.key, &hidden, &term, &is_first, floor) &&
		     hidden == edit->hidden && slice_equals(term, edit->term);
	*bytes = walk.value;
	walk_end(&walk);
	return found;
}

/* The first block has lost its last posting: the second one becomes the first. */
static void replace_first(const struct edit *edit, uint64_t documents)
{
	struct search_block block;
	struct slice bytes;
	uint64_t floor;
	struct key key;
	if (documents == 0) {
		key_search(&key, edit->hidden, edit->term);
		txn_delete(edit->txn, TABLE_SEARCH, &key);
		return;
	}
	if (!find_second(edit, &floor, &bytes) || bytes.size > SEARCH_BLOCK_BYTES_MAX) {
		fail_damaged(edit);
		return;
	}
	copy_block(&block, bytes);
	delete_further(edit, floor);
	put_first(edit, documents, &block);
}

static void store_first(
	const struct edit *edit, uint64_t documents, const struct search_block *block)
{
	struct search_block left;
	struct search_block right;
	if (block->size == 0) {
		replace_first(edit, documents);
	} else if (block->size <= SEARCH_BLOCK_BYTES_MAX) {
		put_first(edit, documents, block);
	} else {
		uint64_t floor = search_block_split(block, &left, &right);
		put_first(edit, documents, &left);
		put_further(edit, floor, &right);
	}
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
		uint64_t right_floor = search_block_split(block, &left, &right);
		put_further(edit, floor, &left);
		put_further(edit, right_floor, &right);
	}
}

static void insert_term(const struct edit *edit)
{
	struct search_block block;
	if (edit->was_there || !search_block_edit(slice_of(NULL, 0), edit->posting, false, &block))
		fail_damaged(edit);
	else
		put_first(edit, 1, &block);
}

static void edit_term(const struct edit *edit)
{
	struct key key;
	struct slice value;
	struct slice postings;
	struct slice bytes;
	struct search_block first;
	struct search_block block;
	uint64_t documents;
	uint64_t count;
	uint64_t last_id;
	uint64_t floor = 0;
	key_search(&key, edit->hidden, edit->term);
	if (!txn_get(edit->txn, TABLE_SEARCH, &key, &value)) {
		insert_term(edit);
		return;
	}
	if (!search_first_block(value, &documents, &postings) ||
		postings.size > SEARCH_BLOCK_BYTES_MAX ||
		!search_block_measure(postings, &count, &last_id)) {
		fail_damaged(edit);
		return;
	}
	bool further = count < documents && edit->posting.id > last_id &&
		       find_further(edit, edit->posting.id, &floor, &bytes);
	if (!search_block_edit(
		    further ? bytes : postings, edit->posting, edit->was_there, &block)) {
		fail_damaged(edit);
		return;
	}
	uint64_t new_documents = documents + !edit->was_there - (edit->posting.weight == 0);
	if (!further) {
		store_first(edit, new_documents, &block);
		return;
	}
	copy_block(&first, postings);
	store_further(edit, floor, &block);
	if (new_documents != documents)
		put_first(edit, new_documents, &first);
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
