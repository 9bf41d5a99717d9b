/* The search index against plain arrays: which words a post has and how often. */
#include "support/random.h"
#include "support/store_fixture.h"

#include "base/limits.h"
#include "store/env.h"
#include "store/search_index.h"
#include "store/search_private.h"
#include "store/store_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
	DOCUMENTS = 4000,
	WORDS = 40,
	ROUNDS = 12,
	EDITS = 1500,
	FEW_DOCUMENTS = 25,
	STEPS = 1500,
};

static const char *const languages[] = { "", "en", "de-CH", "xx" };

struct document {
	bool exists;
	bool hidden;
	uint8_t language;
	uint8_t title[WORDS]; /* how often each word */
	uint8_t excerpt[WORDS];
};

struct model {
	struct document documents[DOCUMENTS + 1]; /* by id */
	uint64_t last_id;
	uint64_t limit; /* of last_id */
};

/* Words with a common beginning, some of them the beginning of others; no stemmer changes them. */
static struct slice word_text(int word, char out[16])
{
	static const char *const endings[] = { "", "7", "77", "8" };
	int size = snprintf(out, 16, "q%d%s", word / 4, endings[word % 4]);
	return slice_of(out, (size_t)size);
}

static struct slice print_words(const uint8_t counts[WORDS], char *out)
{
	size_t size = 0;
	for (int word = 0; word < WORDS; word++) {
		for (int i = 0; i < counts[word]; i++) {
			char text[16];
			struct slice bytes = word_text(word, text);
			memcpy(out + size, bytes.data, bytes.size);
			size += bytes.size;
			out[size++] = i % 2 == 0 ? ' ' : ',';
		}
	}
	return slice_of(out, size);
}

/* Word 0 is in nearly all documents, the last ones are in few. */
static void choose_words(struct random *random, uint8_t counts[WORDS])
{
	for (int word = 0; word < WORDS; word++) {
		bool in = random_below(random, (uint64_t)word * word + 10) < 9;
		counts[word] = in ? (uint8_t)(1 + random_below(random, 3) / 2) : 0;
	}
}

static uint32_t weight_of(const struct document *document, int word)
{
	return document->title[word] * WEIGHT_TITLE + document->excerpt[word] * WEIGHT_TEXT;
}

static uint64_t length_of(const struct document *document)
{
	uint64_t length = 0;
	for (int word = 0; word < WORDS; word++)
		length += weight_of(document, word);
	return length;
}

struct texts {
	struct search_document document;
	char title[WORDS * 16];
	char excerpt[WORDS * 16];
};

static const struct search_document *to_search(
	const struct document *document, uint64_t id, struct texts *texts)
{
	if (!document->exists)
		return NULL;
	texts->document = (struct search_document){
		.id = id,
		.hidden = document->hidden,
		.title = print_words(document->title, texts->title),
		.excerpt = print_words(document->excerpt, texts->excerpt),
		.language = languages[document->language],
	};
	return &texts->document;
}

static void replace(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	struct model *model, uint64_t id, const struct document *next)
{
	static struct texts before;
	static struct texts after;
	arena_reset(arena);
	search_index_replace(txn, arena, analyzer, NULL,
		to_search(&model->documents[id], id, &before), to_search(next, id, &after));
	search_index_settle(txn, arena, SEARCH_RECENT_POSTS);
	model->documents[id] = *next;
}

/* Mostly new posts at the end; also edits, moves between the halves, removals, returns. */
static void random_edit(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	struct model *model, struct random *random, uint64_t removing)
{
	bool append = model->last_id < model->limit &&
		      (model->last_id < 10 || random_below(random, 10) < 6);
	uint64_t id = append ? ++model->last_id : 1 + random_below(random, model->last_id);
	struct document next = model->documents[id];
	if (append || !next.exists) {
		next.exists = true;
		next.hidden = random_below(random, 8) == 0;
		next.language = (uint8_t)random_below(random, 4);
		choose_words(random, next.title);
		choose_words(random, next.excerpt);
	}
	if (!append) {
		uint64_t dice = random_below(random, 10);
		if (dice < removing)
			next.exists = false;
		else if (dice < 5)
			choose_words(random, next.title);
		else if (dice < 8)
			choose_words(random, next.excerpt);
		else
			next.hidden = !next.hidden;
		if (dice == 7)
			next.language = (uint8_t)random_below(random, 4);
	}
	replace(txn, arena, analyzer, model, id, &next);
}

static bool is_in(const struct model *model, uint64_t id, bool hidden, int word)
{
	const struct document *document = &model->documents[id];
	return document->exists && document->hidden == hidden && weight_of(document, word) > 0;
}

static void compare_postings(
	const struct model *model, struct search_reader *reader, bool hidden, int word)
{
	char text[16];
	struct search_postings postings;
	uint64_t count = 0;
	search_postings_start(&postings, reader, hidden, word_text(word, text));
	for (uint64_t id = 1; id <= model->last_id; id++) {
		if (!is_in(model, id, hidden, word))
			continue;
		count++;
		assert_true(search_postings_next(&postings));
		assert_true(postings.id == id);
		assert_int_equal(postings.weight, weight_of(&model->documents[id], word));
	}
	assert_false(search_postings_next(&postings));
	assert_true(postings.documents == count);
	search_postings_end(&postings);
	if (count > 2500)
		assert_true(postings.blocks_read > 3);
}

static void compare_seeks(const struct model *model, struct search_reader *reader, bool hidden,
	int word, struct random *random)
{
	char text[16];
	struct search_postings postings;
	uint64_t stride = 1 + (random_below(random, 2) == 0 ? 2 : random_below(random, 900));
	search_postings_start(&postings, reader, hidden, word_text(word, text));
	for (bool found = true; found;) {
		bool by_next = random_below(random, 4) == 0;
		uint64_t want = postings.id + (by_next ? 1 : random_below(random, stride));
		found = by_next ? search_postings_next(&postings)
				: search_postings_seek(&postings, want);
		while (want <= model->last_id && !is_in(model, want, hidden, word))
			want++;
		assert_int_equal(found, want <= model->last_id);
		if (found) {
			assert_true(postings.id == want);
			assert_int_equal(postings.weight, weight_of(&model->documents[want], word));
		}
	}
	search_postings_end(&postings);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void compare_terms(
	const struct model *model, struct search_reader *reader, bool hidden, const char *prefix)
{
	char want[WORDS][16];
	size_t count = 0;
	struct search_terms terms;
	for (int word = 0; word < WORDS; word++) {
		bool found = false;
		for (uint64_t id = 1; id <= model->last_id && !found; id++)
			found = is_in(model, id, hidden, word);
		word_text(word, want[count]);
		if (found && strncmp(want[count], prefix, strlen(prefix)) == 0)
			count++;
	}
	qsort(want, count, sizeof *want, compare_texts);
	search_terms_start(&terms, reader, hidden, slice_of_text(prefix));
	for (size_t i = 0; i < count; i++) {
		assert_true(search_terms_next(&terms));
		assert_true(slice_equals(terms.term, slice_of_text(want[i])));
		struct search_postings postings;
		search_postings_start(&postings, reader, hidden, terms.term);
		assert_true(postings.documents == terms.documents);
		search_postings_end(&postings);
	}
	assert_false(search_terms_next(&terms));
	search_terms_end(&terms);
}

static void compare_numbers(const struct model *model, struct txn *txn, bool hidden)
{
	struct search_statistics statistics;
	struct search_lengths lengths;
	uint8_t found[ANALYZER_LANGUAGES_MAX];
	bool want[ANALYZER_LANGUAGES_MAX] = { false };
	uint64_t documents = 0;
	uint64_t length = 0;
	search_lengths_init(&lengths, txn);
	for (uint64_t id = 1; id <= model->last_id; id++) {
		const struct document *document = &model->documents[id];
		if (!document->exists) {
			assert_int_equal(search_length(&lengths, id), 0);
			continue;
		}
		uint32_t own = search_length_of_code(search_length_code(length_of(document)));
		assert_int_equal(search_length(&lengths, id), own);
		if (document->hidden != hidden)
			continue;
		documents++;
		length += own;
		want[analyzer_language(languages[document->language])] = true;
	}
	search_statistics(txn, hidden, &statistics);
	assert_true(statistics.documents == documents);
	assert_true(statistics.length == length);
	size_t count = search_languages(txn, hidden, found);
	size_t at = 0;
	for (unsigned language = 0; language < ANALYZER_LANGUAGES_MAX; language++)
		if (want[language])
			assert_true(at < count && found[at++] == language);
	assert_int_equal(at, count);
}

/* The first block of each term tells whether others follow; each has something in it. */
static void compare_blocks(struct txn *txn)
{
	struct walk walk;
	struct search_first first = { .has_further = false };
	bool further = false;
	walk_start(&walk, txn, TABLE_SEARCH, slice_of(NULL, 0));
	for (bool more = true; more;) {
		bool hidden;
		bool is_first = true;
		struct slice term;
		uint64_t floor;
		more = walk_next(&walk);
		if (more)
			assert_true(key_read_search(walk.key, &hidden, &term, &is_first, &floor));
		further = further || !is_first;
		if (!is_first)
			continue;
		assert_int_equal(first.has_further, further);
		further = false;
		if (more)
			assert_true(search_first_read(walk.value, &first));
	}
	walk_end(&walk);
}

static void compare(
	const struct model *model, struct txn *txn, struct arena *arena, struct random *random)
{
	static const char *const prefixes[] = { "", "q", "q1", "q17", "q177", "q9", "r", "z" };
	struct search_reader reader;
	struct error err;
	arena_reset(arena);
	search_reader_open(&reader, txn, arena);
	compare_blocks(txn);
	for (int hidden = 0; hidden <= 1; hidden++) {
		for (int word = 0; word < WORDS; word++) {
			compare_postings(model, &reader, hidden, word);
			compare_seeks(model, &reader, hidden, word, random);
		}
		for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
			compare_terms(model, &reader, hidden, prefixes[i]);
		compare_numbers(model, txn, hidden);
	}
	if (txn_status(txn, &err) != CODE_OK)
		fail_msg("%s", err.text);
}

static void compare_store(
	const struct model *model, struct store *store, struct arena *arena, struct random *random)
{
	struct txn *txn;
	struct error err;
	assert_int_equal(store_snapshot(store, &txn, &err), CODE_OK);
	compare(model, txn, arena, random);
	store_release(store, txn);
}

static void random_documents_match_the_arrays(void **state)
{
	static struct model model = { .limit = DOCUMENTS };
	struct random random = random_start();
	struct store_fixture fixture;
	struct arena arena;
	struct txn txn;
	struct error err;
	struct analyzer *analyzer = analyzer_new();
	assert_non_null(analyzer);
	arena_init(&arena, SEARCH_ARENA_BYTES);
	store_fixture_open(&fixture, 0);
	for (int round = 0; round < ROUNDS; round++) {
		/* Towards the end most posts go, so that blocks and terms come to nothing. */
		uint64_t removing = round < ROUNDS - 3 ? 1 : 9;
		assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
		for (int i = 0; i < EDITS; i++) {
			random_edit(&txn, &arena, analyzer, &model, &random, removing);
			if (random_below(&random, 1000) == 0) {
				arena_reset(&arena);
				search_index_merge(&txn, &arena);
				assert_int_equal(txn_entries(&txn, TABLE_RECENT), 0);
			}
			assert_true(txn_entries(&txn, TABLE_RECENT) < SEARCH_RECENT_POSTS);
		}
		if (txn_commit(&txn, &err) != CODE_OK)
			fail_msg("%s", err.text);
		compare_store(&model, fixture.store, &arena, &random);
	}
	struct document none = { .exists = false };
	assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
	/* From the end, so that last blocks go first; then from the beginning. */
	for (uint64_t i = 0; i < DOCUMENTS; i++) {
		enum { KEPT = DOCUMENTS / 4 };
		uint64_t id = i < DOCUMENTS - KEPT ? DOCUMENTS - i : i - (DOCUMENTS - KEPT) + 1;
		replace(&txn, &arena, analyzer, &model, id, &none);
		if (i % 100 == 0)
			compare_blocks(&txn);
	}
	arena_reset(&arena);
	search_index_merge(&txn, &arena);
	assert_int_equal(txn_entries(&txn, TABLE_SEARCH), 0);
	assert_int_equal(txn_entries(&txn, TABLE_RECENT), 0);
	assert_int_equal(txn_entries(&txn, TABLE_LENGTH), 0);
	assert_int_equal(txn_entries(&txn, TABLE_COUNTER), 0);
	assert_int_equal(txn_commit(&txn, &err), CODE_OK);
	store_fixture_close(&fixture);
	arena_done(&arena);
	analyzer_free(analyzer);
}

/* Few posts that change often: each is edited, moved, removed and brought back between merges, and
 * after each step all is read. */
static void each_step_is_read_as_it_is_written(void **state)
{
	static struct model model = { .limit = FEW_DOCUMENTS };
	struct random random = random_start();
	struct store_fixture fixture;
	struct arena arena;
	struct txn txn;
	struct error err;
	struct analyzer *analyzer = analyzer_new();
	uint64_t entries_seen = 0;
	assert_non_null(analyzer);
	arena_init(&arena, SEARCH_ARENA_BYTES);
	store_fixture_open(&fixture, 0);
	assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
	for (int step = 0; step < STEPS; step++) {
		random_edit(&txn, &arena, analyzer, &model, &random, step / 100 % 2 == 0 ? 1 : 4);
		entries_seen += txn_entries(&txn, TABLE_RECENT);
		if (random_below(&random, 20) == 0) {
			arena_reset(&arena);
			search_index_merge(&txn, &arena);
			assert_int_equal(txn_entries(&txn, TABLE_RECENT), 0);
		}
		compare(&model, &txn, &arena, &random);
	}
	assert_true(entries_seen > STEPS);
	txn_abort(&txn);
	store_fixture_close(&fixture);
	arena_done(&arena);
	analyzer_free(analyzer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_is_read_as_it_is_written),
		cmocka_unit_test(random_documents_match_the_arrays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
