/* The search index and the suggestions: made again from the records and compared both ways. Of the
 * index one post is in memory at a time; that nothing is in it that should not be follows from
 * counting. A post with recent changes is what those make of its blocks. */
#include "store/check_private.h"
#include "store/post.h"
#include "store/posting.h"
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

/* The recent changes of a post; false if there are none that can be read. */
static bool find_recent(struct check *check, uint64_t id, struct recent *ret)
{
	struct key key;
	struct slice value;
	key_recent(&key, id);
	return txn_get(check->txn, TABLE_RECENT, &key, &value) && recent_read(ret, id, value);
}

static void check_term(struct check *check, const struct search_document *document,
	const struct recent *recent, struct slice term, uint32_t weight)
{
	struct recent_cursor cursor;
	bool is_recent = recent != NULL && recent_seek(&cursor, recent, term) &&
			 slice_equals(recent_term(&cursor), term);
	uint32_t found =
		is_recent ? recent_after(&cursor, document->hidden)
			  : search_blocks_weight(check->txn, document->hidden, term, document->id);
	/* A record of another half, or between halves, has to name every term. */
	if (recent != NULL && !is_recent && recent->before != recent->after)
		found = 0;
	if (found == 0)
		check_problem(check, "the search index of %s posts lacks \"%.*s\" of post %" PRIu64,
			half_name(document->hidden), (int)term.size, (const char *)term.data,
			document->id);
	else if (found != weight)
		check_problem(check,
			"the search index has \"%.*s\" of post %" PRIu64
			" with packed weight %u, it is %u",
			(int)term.size, (const char *)term.data, document->id, found, weight);
}

static void check_document(
	struct check *check, const struct search_document *document, struct half *half)
{
	struct document_terms terms;
	struct recent recent;
	bool has_recent = find_recent(check, document->id, &recent);
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
		check_term(check, document, has_recent ? &recent : NULL,
			document_term_slice(terms.terms[i]), terms.terms[i]->weights[1]);
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
	uint64_t *found; /* postings of each half */
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
	struct recent recent;
	if (search_length_get(blocks->check->txn, id) == 0 &&
		!find_recent(blocks->check, id, &recent))
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

static void check_blocks(struct check *check, uint64_t found[2])
{
	struct walk walk;
	struct blocks blocks = { .check = check, .found = found };
	walk_start(&walk, check->txn, TABLE_SEARCH, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		check->report->entries++;
		if (!check_block(&blocks, walk.key, walk.value))
			check_problem(check, "a block of the search index cannot be read");
	}
	walk_end(&walk);
	end_term(&blocks);
}

/* Compares what a recent change says was before it with the blocks; adds what it adds to them. */
static void check_recent_term(
	struct check *check, const struct recent_cursor *cursor, uint64_t found[2])
{
	const struct recent *recent = cursor->recent;
	struct slice term = recent_term(cursor);
	for (int hidden = 0; hidden <= 1; hidden++) {
		uint32_t before = recent_before(cursor, hidden);
		uint32_t own = search_blocks_weight(check->txn, hidden, term, recent->id);
		if (own != before)
			check_problem(check,
				"the recent words of post %" PRIu64 " say that \"%.*s\" had weight "
				"%u in the index of %s posts, it has %u",
				recent->id, (int)term.size, (const char *)term.data, before,
				half_name(hidden), own);
		found[hidden] += recent_after(cursor, hidden) != 0;
		found[hidden] -= before != 0;
	}
	bool differs = recent->before == recent->after ? cursor->before != cursor->after
						       : cursor->before != 0 || cursor->after != 0;
	if (!differs || memchr(term.data, 0, term.size) != NULL)
		check_problem(check,
			"the recent words of post %" PRIu64 " have \"%.*s\", which is no change",
			recent->id, (int)term.size, (const char *)term.data);
}

static void check_recents(struct check *check, uint64_t found[2])
{
	struct walk walk;
	uint64_t id;
	struct recent recent;
	struct recent_cursor cursor;
	walk_start(&walk, check->txn, TABLE_RECENT, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		check->report->entries++;
		if (!key_read_recent(walk.key, &id) || !recent_read(&recent, id, walk.value)) {
			check_problem(check, "an entry of table recent cannot be read");
			continue;
		}
		recent_start(&cursor, &recent);
		while (recent_next(&cursor))
			check_recent_term(check, &cursor, found);
		if (cursor.damaged || !recent_check_filter(&recent))
			check_problem(
				check, "the recent words of post %" PRIu64 " cannot be read", id);
	}
	walk_end(&walk);
	if (txn_entries(check->txn, TABLE_RECENT) >= SEARCH_RECENT_POSTS)
		check_problem(check, "table recent has %" PRIu64 " posts, at most %d may wait",
			txn_entries(check->txn, TABLE_RECENT), SEARCH_RECENT_POSTS - 1);
}

static void check_words(struct check *check, const struct half halves[2])
{
	uint64_t found[2] = { 0, 0 };
	check_blocks(check, found);
	check_recents(check, found);
	for (int hidden = 0; hidden <= 1; hidden++)
		if (found[hidden] != halves[hidden].postings)
			check_problem(check,
				"the search index has %" PRIu64
				" words of %s posts, the posts have %" PRIu64,
				found[hidden], half_name(hidden), halves[hidden].postings);
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
	check_words(check, halves);
	check_lengths(check, halves[0].documents + halves[1].documents);
	check_titles(check);
	check_names(check);
	check_each(check, TABLE_SUGGEST, visit_suggestion);
	return check_statistics(check, false, &halves[0]) +
	       check_statistics(check, true, &halves[1]);
}
