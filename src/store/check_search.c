/* The search index and the suggestions: made again from the records and compared both ways. Of the
 * index one post is in memory at a time; that nothing is in it that should not be follows from
 * counting. */
#include "store/check_private.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/search_block.h"
#include "store/search_document.h"
#include "store/search_private.h"
#include "store/suggest.h"
#include "store/term.h"

#include <inttypes.h>

/* What one half of the index should hold. */
struct half {
	uint64_t documents;
	uint64_t length;
	uint64_t postings;
	uint64_t languages[ANALYZER_LANGUAGES_MAX];
};

static const char *half_name(bool hidden)
{
	return hidden ? "hidden" : "published";
}

/* --- From the records to the index. --- */

static void check_term(struct check *check, const struct search_document *document,
	struct slice term, uint32_t weight)
{
	struct search_postings postings;
	search_postings_start(&postings, check->txn, document->hidden, term);
	bool found = search_postings_seek(&postings, document->id) && postings.id == document->id;
	search_postings_end(&postings);
	if (!found)
		check_problem(check, "the search index of %s posts lacks \"%.*s\" of post %" PRIu64,
			half_name(document->hidden), (int)term.size, (const char *)term.data,
			document->id);
	else if (postings.weight != weight)
		check_problem(check,
			"the search index has \"%.*s\" of post %" PRIu64
			" with weight %u, it is %u",
			(int)term.size, (const char *)term.data, document->id, postings.weight,
			weight);
}

static void check_document(
	struct check *check, const struct search_document *document, struct half *half)
{
	struct document_terms terms;
	arena_reset(&check->words);
	if (!search_document_terms(&check->words, check->analyzer, NULL, document, &terms)) {
		txn_fail_memory(check->txn);
		return;
	}
	uint8_t code = search_length_code(terms.lengths[1]);
	if (search_length_get(check->txn, document->id) != code)
		check_problem(check, "the search index has a wrong length of post %" PRIu64,
			document->id);
	half->documents++;
	half->length += search_length_of_code(code);
	half->languages[analyzer_language(document->language)]++;
	half->postings += terms.count;
	for (size_t i = 0; i < terms.count; i++)
		check_term(check, document, document_term_slice(terms.terms[i]),
			terms.terms[i]->weights[1]);
}

static void check_documents(struct check *check, struct half halves[2])
{
	struct walk walk;
	uint64_t id;
	enum post_part part;
	struct slice html;
	struct search_document document;
	walk_start(&walk, check->txn, TABLE_POST, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		if (!key_read_post(walk.key, &id, &part) || part != POST_SUMMARY)
			continue;
		arena_reset(&check->scratch);
		Lectern__V1__Post *post = lectern__v1__post__unpack(
			&check->scratch.allocator, walk.value.size, walk.value.data);
		if (post == NULL || !post_html(check->txn, id, &html))
			continue; /* reported by check_posts() */
		search_document_of(post, html, &document);
		check_document(check, &document, &halves[document.hidden]);
	}
	walk_end(&walk);
}

static uint64_t check_counter(
	struct check *check, uint8_t kind, uint64_t number, uint64_t wanted, const char *what)
{
	uint64_t found = posting_count(check->txn, kind, number);
	if (found != wanted)
		check_problem(check,
			"counter (%u, %" PRIu64 "), %s of the search index, is %" PRIu64
			", it should be %" PRIu64,
			kind, number, what, found, wanted);
	return wanted > 0;
}

static uint64_t check_statistics(struct check *check, bool hidden, const struct half *half)
{
	uint64_t counters =
		check_counter(check, SEARCH_DOCUMENTS, hidden, half->documents, "documents") +
		check_counter(check, SEARCH_LENGTH, hidden, half->length, "length");
	for (unsigned language = 0; language < ANALYZER_LANGUAGES_MAX; language++)
		counters += check_counter(check, SEARCH_LANGUAGE, hidden * 256U + language,
			half->languages[language], "posts of a language");
	return counters;
}

/* --- The index by itself. --- */

/* A walk over the blocks of all terms. */
struct blocks {
	struct check *check;
	uint64_t found[2]; /* postings of each half */
	/* The current term. */
	bool any;
	bool hidden;
	struct slice term; /* in the store */
	struct search_first first;
	uint64_t count;
	uint64_t last_id;
	bool has_further;
};

static void end_term(const struct blocks *blocks)
{
	if (blocks->any && (blocks->count != blocks->first.documents ||
				   blocks->has_further != blocks->first.has_further))
		check_problem(blocks->check,
			"the search index says that \"%.*s\" is in %" PRIu64
			" posts, it has %" PRIu64 " in %s",
			(int)blocks->term.size, (const char *)blocks->term.data,
			blocks->first.documents, blocks->count,
			blocks->has_further ? "several blocks" : "one block");
}

static void check_posting(struct blocks *blocks, uint64_t id)
{
	blocks->count++;
	blocks->found[blocks->hidden]++;
	if (search_length_get(blocks->check->txn, id) == 0)
		check_problem(blocks->check,
			"the search index has \"%.*s\" of post %" PRIu64 ", which is not in it",
			(int)blocks->term.size, (const char *)blocks->term.data, id);
}

/* False if the block cannot be read or does not follow the one before it. */
static bool check_postings(struct blocks *blocks, struct slice block, uint64_t floor)
{
	struct search_block_view view;
	struct search_posting posting = { .id = 0 };
	if (block.size > SEARCH_BLOCK_BYTES_MAX || !search_block_read(block, &view) ||
		view.first_id <= blocks->last_id || view.first_id < floor)
		return false;
	while (search_block_next(&view.postings, &posting))
		check_posting(blocks, posting.id);
	blocks->last_id = view.last_id;
	return view.postings.size == 0 && posting.id == view.last_id;
}

static bool check_block(struct blocks *blocks, struct slice key, struct slice value)
{
	bool hidden;
	bool is_first;
	struct slice term;
	uint64_t floor;
	if (!key_read_search(key, &hidden, &term, &is_first, &floor) || term.size > TERM_BYTES_MAX)
		return false;
	if (!is_first) {
		bool fits = blocks->any && blocks->hidden == hidden &&
			    slice_equals(blocks->term, term) && floor > blocks->last_id;
		blocks->has_further = true;
		return fits && check_postings(blocks, value, floor);
	}
	end_term(blocks);
	blocks->any = search_first_read(value, &blocks->first);
	blocks->hidden = hidden;
	blocks->term = term;
	blocks->count = blocks->last_id = 0;
	blocks->has_further = false;
	return blocks->any && check_postings(blocks, blocks->first.block, 0);
}

static void check_blocks(struct check *check, const struct half halves[2])
{
	struct walk walk;
	struct blocks blocks = { .check = check };
	walk_start(&walk, check->txn, TABLE_SEARCH, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		check->report->entries++;
		if (!check_block(&blocks, walk.key, walk.value))
			check_problem(check, "a block of the search index cannot be read");
	}
	walk_end(&walk);
	end_term(&blocks);
	for (int hidden = 0; hidden <= 1; hidden++)
		if (blocks.found[hidden] != halves[hidden].postings)
			check_problem(check,
				"the search index has %" PRIu64
				" words of %s posts, the posts have %" PRIu64,
				blocks.found[hidden], half_name(hidden), halves[hidden].postings);
}

static void check_lengths(struct check *check, uint64_t documents)
{
	struct walk walk;
	uint64_t chunk;
	uint64_t found = 0;
	walk_start(&walk, check->txn, TABLE_LENGTH, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		struct slice bytes = walk.value;
		check->report->entries++;
		if (!key_read_length(walk.key, &chunk) || bytes.size == 0 ||
			bytes.size > SEARCH_LENGTH_CHUNK || bytes.data[bytes.size - 1] == 0)
			check_problem(check, "an entry of table length cannot be read");
		for (size_t i = 0; i < bytes.size; i++)
			found += bytes.data[i] != 0;
	}
	walk_end(&walk);
	if (found != documents)
		check_problem(check, "table length has %" PRIu64 " posts, there are %" PRIu64,
			found, documents);
}

/* --- Suggestions. --- */

static void check_text(struct check *check, enum suggest_kind kind, uint64_t id, struct slice text)
{
	struct suggest_text folded;
	struct key key;
	suggest_read(check->analyzer, text, &folded);
	for (size_t i = 0; i < folded.count; i++) {
		suggest_key(&key, &folded, i, kind, id);
		check_expect(check, TABLE_SUGGEST, &key,
			"word %zu of the title or name of %d:%" PRIu64, i, (int)kind, id);
	}
}

static void check_titles(struct check *check)
{
	struct walk walk;
	struct key prefix;
	struct posting posting;
	key_posting_list(&prefix, POSTING_LIVE, 0);
	walk_start(&walk, check->txn, TABLE_POSTING, key_slice(&prefix));
	while (walk_next(&walk) && key_has_prefix(walk.key, key_slice(&prefix))) {
		arena_reset(&check->scratch);
		Lectern__V1__Post *post =
			key_read_posting(walk.key, &posting)
				? post_unpack_summary(check->txn, &check->scratch, posting.id)
				: NULL;
		if (post != NULL)
			check_text(check, SUGGEST_POST, post->id, slice_of_text(post->title));
	}
	walk_end(&walk);
}

static void check_names(struct check *check)
{
	struct walk walk;
	uint8_t term_kind;
	uint64_t id;
	enum suggest_kind kind;
	walk_start(&walk, check->txn, TABLE_TERM, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		if (!key_read_term(walk.key, &term_kind, &id) ||
			!suggest_kind_of_term(term_kind, &kind))
			continue;
		arena_reset(&check->scratch);
		Lectern__Store__V1__Term *term = lectern__store__v1__term__unpack(
			&check->scratch.allocator, walk.value.size, walk.value.data);
		if (term != NULL)
			check_text(check, kind, id, slice_of_text(term->name));
	}
	walk_end(&walk);
}

/* The text that should be found under a suggestion's id; empty: none. */
static struct slice suggested_text(struct check *check, uint8_t kind, uint64_t id)
{
	if (kind == SUGGEST_POST) {
		Lectern__V1__Post *post = post_unpack_summary(check->txn, &check->scratch, id);
		bool live = post != NULL &&
			    post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
		return slice_of_text(live ? post->title : NULL);
	}
	for (uint8_t term_kind = SLUG_TAG; term_kind <= SLUG_AUTHOR; term_kind++) {
		enum suggest_kind own;
		if (!suggest_kind_of_term(term_kind, &own) || own != kind)
			continue;
		Lectern__Store__V1__Term *term =
			term_unpack(check->txn, &check->scratch, term_kind, id);
		return slice_of_text(term == NULL ? NULL : term->name);
	}
	return slice_of(NULL, 0);
}

static void visit_suggestion(struct check *check, struct slice key, struct slice value)
{
	struct suggest_text text;
	struct slice folded;
	uint8_t kind;
	uint8_t ordinal;
	uint64_t id;
	struct key expected;
	if (!key_read_suggest(key, &folded, &kind, &ordinal, &id) || value.size != 0) {
		check_problem(check, "an entry of table suggest cannot be read");
		return;
	}
	suggest_read(check->analyzer, suggested_text(check, kind, id), &text);
	if (ordinal < text.count) {
		suggest_key(&expected, &text, ordinal, (enum suggest_kind)kind, id);
		if (slice_equals(key, key_slice(&expected)))
			return;
	}
	check_problem(check,
		"the suggestions have \"%.*s\" of %u:%" PRIu64 ", which has no such word",
		(int)folded.size, (const char *)folded.data, kind, id);
}

uint64_t check_search(struct check *check)
{
	struct half halves[2];
	memset(halves, 0, sizeof halves);
	check_documents(check, halves);
	check_blocks(check, halves);
	check_lengths(check, halves[0].documents + halves[1].documents);
	check_titles(check);
	check_names(check);
	check_each(check, TABLE_SUGGEST, visit_suggestion);
	return check_statistics(check, false, &halves[0]) +
	       check_statistics(check, true, &halves[1]);
}
