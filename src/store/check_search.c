/* The search index: made again from the records and compared with what it holds, a sum of all
 * postings with a sum of all postings. A post with recent changes is what those make of its
 * blocks. */
#include "store/check_private.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/search_document.h"
#include "store/search_private.h"

#include <inttypes.h>

static const char *half_name(bool hidden)
{
	return hidden ? "hidden" : "published";
}

/* Of all postings of one term. */
static uint64_t term_hash(bool hidden, struct slice term)
{
	return check_hash(term, hidden);
}

/* --- What the posts say. --- */

/* False if the post has no html that can be read, which others report. */
static bool terms_of_post(struct check *check, uint64_t id, const Lectern__V1__Post *post,
	struct search_document *document, struct document_terms *ret)
{
	struct slice html;
	if (!post_html(check->txn, id, &html))
		return false;
	search_document_of(post, html, document);
	arena_reset(&check->words);
	if (search_document_terms(&check->words, check->analyzer, NULL, document, ret))
		return true;
	txn_fail_memory(check->txn);
	return false;
}

/* The recent changes of a post; false if there are none that can be read. */
static bool find_recent(struct check *check, uint64_t id, struct recent *ret)
{
	struct key key;
	struct slice value;
	key_recent(&key, id);
	return txn_get(check->txn, TABLE_RECENT, &key, &value) && recent_read(ret, id, value);
}

/* A record of another half, or between halves, has to name every term. */
static void check_recent_names(struct check *check, const struct search_document *document,
	const struct document_terms *terms)
{
	struct recent recent;
	struct recent_cursor cursor;
	size_t named = 0;
	if (!find_recent(check, document->id, &recent) || recent.before == recent.after)
		return;
	recent_start(&cursor, &recent);
	while (recent_next(&cursor))
		named += recent_after(&cursor, document->hidden) != 0;
	if (named != terms->count)
		check_problem(check,
			"the recent words of post %" PRIu64 " are %zu, the post has %zu",
			document->id, named, terms->count);
}

/* Follows from the post alone, and is compared byte for byte. */
static void check_positions(struct check *check, uint64_t id, struct slice expected)
{
	struct key key;
	struct slice found;
	key_positions(&key, id);
	if (!txn_get(check->txn, TABLE_POSITIONS, &key, &found))
		found = slice_of(NULL, 0);
	if (!slice_equals(found, expected))
		check_problem(check,
			"the positions of words of post %" PRIu64 " are not those of its text", id);
}

static void check_stray_positions(struct check *check, struct slice key, struct slice value)
{
	uint64_t id;
	struct key post;
	(void)value;
	if (!key_read_positions(key, &id)) {
		check_problem(check, "an entry of table positions cannot be read");
		return;
	}
	key_post(&post, id, POST_SUMMARY);
	if (!txn_has(check->txn, TABLE_POST, &post))
		check_problem(check,
			"table positions has words of post %" PRIu64 ", which is not there", id);
}

void check_post_words(struct check *check, uint64_t id, const Lectern__V1__Post *post)
{
	struct search_document document;
	struct document_terms terms;
	if (!terms_of_post(check, id, post, &document, &terms))
		return;
	uint8_t code = search_length_code(terms.lengths[1]);
	if (search_length_get(check->txn, document.id) != code)
		check_problem(
			check, "the search index has a wrong length of post %" PRIu64, document.id);
	struct check_half *half = &check->halves[document.hidden];
	half->documents++;
	half->length += search_length_of_code(code);
	half->languages[analyzer_language(document.language)]++;
	half->postings += terms.count;
	check_positions(check, document.id, terms.positions);
	check_recent_names(check, &document, &terms);
	for (size_t i = 0; i < terms.count; i++) {
		uint64_t hash = term_hash(document.hidden, document_term_slice(terms.terms[i]));
		check_sum_add(&check->expected[TABLE_SEARCH],
			check_hash_numbers(document.id, terms.terms[i]->weights[1], hash));
	}
}

/* --- What the index holds. --- */

static void add_block(struct check_sum *sum, uint64_t hash, struct slice block)
{
	struct search_block_view view;
	struct search_posting posting = { .id = 0 };
	if (search_block_read(block, &view))
		while (search_block_next(&view.postings, &posting))
			check_sum_add(sum, check_hash_numbers(posting.id, posting.weight, hash));
}

static void add_blocks(struct check *check)
{
	struct walk walk;
	bool hidden;
	bool is_first;
	struct slice term;
	uint64_t floor;
	struct search_first first;
	walk_start(&walk, check->txn, TABLE_SEARCH, slice_of(NULL, 0));
	while (check_next(check, &walk)) {
		if (!key_read_search(walk.key, &hidden, &term, &is_first, &floor) ||
			(is_first && !search_first_read(walk.value, &first)))
			continue; /* reported by check_blocks() */
		add_block(&check->found[TABLE_SEARCH], term_hash(hidden, term),
			is_first ? first.block : walk.value);
	}
	check_done(check, &walk);
}

static void add_recent_term(struct check *check, const struct recent_cursor *cursor)
{
	uint64_t id = cursor->recent->id;
	struct check_sum *sum = &check->found[TABLE_SEARCH];
	for (int hidden = 0; hidden <= 1; hidden++) {
		uint64_t hash = term_hash(hidden, recent_term(cursor));
		uint32_t before = recent_before(cursor, hidden);
		uint32_t after = recent_after(cursor, hidden);
		if (before != 0)
			check_sum_remove(sum, check_hash_numbers(id, before, hash));
		if (after != 0)
			check_sum_add(sum, check_hash_numbers(id, after, hash));
	}
}

static void add_recents(struct check *check)
{
	struct walk walk;
	uint64_t id;
	struct recent recent;
	struct recent_cursor cursor;
	walk_start(&walk, check->txn, TABLE_RECENT, slice_of(NULL, 0));
	while (check_next(check, &walk)) {
		if (!key_read_recent(walk.key, &id) || !recent_read(&recent, id, walk.value))
			continue; /* reported by check_recents() */
		recent_start(&cursor, &recent);
		while (recent_next(&cursor))
			add_recent_term(check, &cursor);
	}
	check_done(check, &walk);
}

/* --- Naming what is missing. --- */

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

static void name_missing_words(struct check *check, struct slice key, struct slice value)
{
	uint64_t id;
	enum post_part part;
	struct search_document document;
	struct document_terms terms;
	struct recent recent;
	if (!key_read_post(key, &id, &part) || part != POST_SUMMARY)
		return;
	Lectern__V1__Post *post =
		lectern__v1__post__unpack(&check->scratch.allocator, value.size, value.data);
	if (post == NULL || !terms_of_post(check, id, post, &document, &terms))
		return;
	bool has_recent = find_recent(check, document.id, &recent);
	for (size_t i = 0; i < terms.count; i++)
		check_term(check, &document, has_recent ? &recent : NULL,
			document_term_slice(terms.terms[i]), terms.terms[i]->weights[1]);
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
	struct recent recent;
	blocks->count++;
	blocks->found[blocks->hidden]++;
	if (blocks->check->differs[TABLE_SEARCH] &&
		search_length_get(blocks->check->txn, id) == 0 &&
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
	while (check_next(check, &walk)) {
		if (!check_block(&blocks, walk.key, walk.value))
			check_problem(check, "a block of the search index cannot be read");
	}
	check_done(check, &walk);
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
		uint32_t own = check->differs[TABLE_SEARCH]
				       ? search_blocks_weight(check->txn, hidden, term, recent->id)
				       : before;
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
	while (check_next(check, &walk)) {
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
	check_done(check, &walk);
	if (txn_entries(check->txn, TABLE_RECENT) >= SEARCH_RECENT_MAX)
		check_problem(check, "table recent has %" PRIu64 " posts, at most %d may wait",
			txn_entries(check->txn, TABLE_RECENT), SEARCH_RECENT_MAX - 1);
}

static void check_words(struct check *check)
{
	uint64_t found[2] = { 0, 0 };
	const struct check_half *halves = check->halves;
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
	while (check_next(check, &walk)) {
		struct slice bytes = walk.value;
		if (!key_read_length(walk.key, &chunk) || bytes.size == 0 ||
			bytes.size > SEARCH_LENGTH_CHUNK || bytes.data[bytes.size - 1] == 0)
			check_problem(check, "an entry of table length cannot be read");
		for (size_t i = 0; i < bytes.size; i++)
			found += bytes.data[i] != 0;
	}
	check_done(check, &walk);
	if (found != documents)
		check_problem(check, "table length has %" PRIu64 " posts, there are %" PRIu64,
			found, documents);
}

void check_search(struct check *check)
{
	add_blocks(check);
	add_recents(check);
	check->differs[TABLE_SEARCH] =
		!check_sum_equals(&check->expected[TABLE_SEARCH], &check->found[TABLE_SEARCH]);
	if (check->differs[TABLE_SEARCH]) {
		check->progress->total += txn_entries(check->txn, TABLE_POST);
		check_each(check, TABLE_POST, name_missing_words);
	}
	check_words(check);
	if (check->differs[TABLE_SEARCH] && check->report->problem_count == 0 &&
		txn_status(check->txn, NULL) == CODE_OK)
		check_problem(check, "the search index does not hold what follows from the posts");
	check_each(check, TABLE_POSITIONS, check_stray_positions);
	check_lengths(check, check->halves[0].documents + check->halves[1].documents);
}
