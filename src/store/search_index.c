/* Writing the search index. */
#include "store/search_index.h"

#include "base/limits.h"
#include "store/posting.h"
#include "store/search_document.h"
#include "store/search_private.h"

_Static_assert(LIMIT_BODY_BYTES <= 4 * 1024 * 1024, "measure what SEARCH_ARENA_BYTES must be");

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

static void replace_half(struct txn *txn, bool hidden, const uint64_t lengths[2],
	const struct search_document *before, const struct search_document *after)
{
	struct side old = side_of(before, hidden, lengths[0]);
	struct side new = side_of(after, hidden, lengths[1]);
	count_side(txn, hidden, &new, 1);
	count_side(txn, hidden, &old, -1);
}

static uint8_t half_of(const struct search_document *document)
{
	return document == NULL ? RECENT_NOWHERE : recent_half(document->hidden);
}

/* --- From what the blocks hold of a post to what they should. --- */

/* Two versions of a document and the record of what is not merged of the first one. */
struct composition {
	struct arena *arena;
	uint8_t current; /* half of the first version */
	uint8_t after;
	const struct document_terms *terms;
	const struct recent *recent; /* NULL if there is none */
	struct recent_cursor cursor;
	bool cursor_at_term;
	struct recent_change change; /* the result */
};

/* A term that only the record has: its bytes would go with the store's page. */
static struct slice copy_term(struct arena *arena, struct slice term)
{
	uint8_t *bytes = arena_alloc(arena, term.size);
	if (bytes == NULL)
		return slice_of(NULL, 0);
	memcpy(bytes, term.data, term.size);
	return slice_of(bytes, term.size);
}

static void next_recent(struct composition *own)
{
	own->cursor_at_term = own->recent != NULL && recent_next(&own->cursor);
}

/* Takes the smallest term that is left of the document or the record; `current` is its weight in
 * the first version. Returns false where the record contradicts it. */
static bool take_term(struct composition *own, size_t *index, struct recent_term *ret)
{
	const struct document_term *term =
		*index < own->terms->count ? own->terms->terms[*index] : NULL;
	int order = !own->cursor_at_term ? -1
		    : term == NULL
			    ? 1
			    : slice_compare(document_term_slice(term), recent_term(&own->cursor));
	uint32_t current = order <= 0 && own->current != RECENT_NOWHERE ? term->weights[0] : 0;
	ret->after = order <= 0 && own->after != RECENT_NOWHERE ? term->weights[1] : 0;
	/* What a record does not name is in the blocks as it is now. */
	ret->before = current;
	if (order <= 0) {
		ret->term = document_term_slice(term);
		++*index;
	} else {
		ret->term = copy_term(own->arena, recent_term(&own->cursor));
	}
	if (order >= 0) {
		ret->before = own->cursor.before;
		bool agrees = own->cursor.after == current;
		next_recent(own);
		return agrees;
	}
	return own->recent == NULL || own->recent->before == own->recent->after || current == 0;
}

/* False if the record is damaged or memory is out: then the transaction has failed. */
static bool compose(struct txn *txn, struct composition *own)
{
	struct recent_change *change = &own->change;
	size_t index = 0;
	size_t count_max = own->terms->count + (own->recent == NULL ? 0 : own->recent->count);
	change->before = own->recent == NULL ? own->current : own->recent->before;
	change->after = own->after;
	change->terms = arena_calloc(own->arena, count_max + 1, sizeof *change->terms);
	if (change->terms == NULL) {
		txn_fail_memory(txn);
		return false;
	}
	if (own->recent != NULL)
		recent_start(&own->cursor, own->recent);
	next_recent(own);
	while (index < own->terms->count || own->cursor_at_term) {
		struct recent_term *term = &change->terms[change->count];
		if (!take_term(own, &index, term)) {
			recent_fail(txn, own->recent);
			return false;
		}
		if (term->term.data == NULL) {
			txn_fail_memory(txn);
			return false;
		}
		change->count += change->before == change->after
					 ? term->before != term->after
					 : term->before != 0 || term->after != 0;
	}
	if (own->recent != NULL && own->cursor.damaged)
		recent_fail(txn, own->recent);
	return txn_status(txn, NULL) == CODE_OK;
}

/* --- Keeping the change. --- */

/* A change that is too long to be kept for later. */
static void change_blocks(struct txn *txn, uint64_t id, const struct recent_change *change)
{
	for (size_t i = 0; i < change->count && txn_status(txn, NULL) == CODE_OK; i++) {
		const struct recent_term *term = &change->terms[i];
		for (int hidden = 0; hidden <= 1; hidden++) {
			struct search_change own = { .id = id };
			if (change->before == recent_half(hidden))
				own.before = term->before;
			if (change->after == recent_half(hidden))
				own.after = term->after;
			if (own.before != own.after)
				search_blocks_change(txn, hidden, term->term, &own, 1);
		}
	}
}

static void keep_change(struct txn *txn, struct arena *arena, uint64_t id,
	const struct recent_change *change, bool has_record)
{
	struct key key;
	struct slice record = slice_of(NULL, 0);
	bool too_long = false;
	key_recent(&key, id);
	if (change->count > 0)
		record = recent_write(arena, change, &too_long);
	if (record.size > 0) {
		txn_put(txn, TABLE_RECENT, &key, record);
		return;
	}
	if (change->count > 0 && !too_long) {
		txn_fail_memory(txn);
		return;
	}
	if (has_record)
		txn_delete(txn, TABLE_RECENT, &key);
	change_blocks(txn, id, change);
}

static void replace_terms(struct txn *txn, struct arena *arena, uint64_t id, uint8_t before,
	uint8_t after, const struct document_terms *terms)
{
	struct composition own = {
		.arena = arena, .current = before, .after = after, .terms = terms
	};
	struct recent recent;
	struct key key;
	struct slice value;
	key_recent(&key, id);
	if (txn_get(txn, TABLE_RECENT, &key, &value)) {
		recent.id = id;
		if (!recent_read(&recent, id, value) || recent.after != before) {
			recent_fail(txn, &recent);
			return;
		}
		own.recent = &recent;
	}
	if (compose(txn, &own))
		keep_change(txn, arena, id, &own.change, own.recent != NULL);
}

static void count_document(struct txn *txn, const uint64_t lengths[2],
	const struct search_document *before, const struct search_document *after)
{
	uint64_t id = before != NULL ? before->id : after->id;
	replace_half(txn, false, lengths, before, after);
	replace_half(txn, true, lengths, before, after);
	search_length_put(txn, id, after == NULL ? 0 : search_length_code(lengths[1]));
}

/* They follow from the texts alone, so a post that is only published keeps them. */
static void put_positions(struct txn *txn, uint64_t id, struct slice positions)
{
	struct key key;
	key_positions(&key, id);
	if (positions.size > 0)
		txn_put(txn, TABLE_POSITIONS, &key, positions);
	else if (txn_has(txn, TABLE_POSITIONS, &key))
		txn_delete(txn, TABLE_POSITIONS, &key);
}

/* A new document whose words were made beforehand. False where those are not its own. */
static bool put_prepared(struct txn *txn, const struct search_prepared *prepared,
	const struct search_document *document)
{
	const uint64_t lengths[2] = { 0, prepared->length };
	struct key key;
	key_recent(&key, document->id);
	if (!search_document_equals(&prepared->document, document) ||
		txn_has(txn, TABLE_RECENT, &key))
		return false;
	txn_put(txn, TABLE_RECENT, &key, prepared->record);
	put_positions(txn, document->id, prepared->positions);
	count_document(txn, lengths, NULL, document);
	return true;
}

void search_index_replace(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	const struct search_prepared *prepared, const struct search_document *before,
	const struct search_document *after)
{
	struct document_terms terms;
	if ((before == NULL && after == NULL) ||
		(before != NULL && after != NULL && search_document_equals(before, after)))
		return;
	if (prepared != NULL && before == NULL && put_prepared(txn, prepared, after))
		return;
	if (!search_document_terms(arena, analyzer, before, after, &terms)) {
		txn_fail_memory(txn);
		return;
	}
	uint64_t id = before != NULL ? before->id : after->id;
	replace_terms(txn, arena, id, half_of(before), half_of(after), &terms);
	if (!terms.same_text)
		put_positions(txn, id, terms.positions);
	count_document(txn, terms.lengths, before, after);
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
