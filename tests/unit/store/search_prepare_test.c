/* Words that were made before the writer had the post: the store ends up with the same bytes. */
#include "support/store_fixture.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "store/env.h"
#include "store/search_index.h"
#include "store/store_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MANY_WORDS = 9000, DUMP_BYTES_MAX = 8 * 1024 * 1024 };

struct prepare_test {
	struct store_fixture fixture;
	struct analyzer *analyzer; /* the writer's */
	struct analyzer *other;	   /* another thread's */
	struct arena arena;
	struct arena scratch;
	struct arena kept;
};

static int open_all(void **state)
{
	static struct prepare_test test;
	store_fixture_open(&test.fixture, 0);
	test.analyzer = analyzer_new();
	test.other = analyzer_new();
	assert_true(test.analyzer != NULL && test.other != NULL);
	arena_init(&test.arena, SEARCH_ARENA_BYTES);
	arena_init(&test.scratch, SEARCH_ARENA_BYTES);
	arena_init(&test.kept, LIMIT_ARENA_BYTES);
	*state = &test;
	return 0;
}

static int close_all(void **state)
{
	struct prepare_test *test = *state;
	arena_done(&test->arena);
	arena_done(&test->scratch);
	arena_done(&test->kept);
	analyzer_free(test->analyzer);
	analyzer_free(test->other);
	store_fixture_close(&test->fixture);
	return 0;
}

static struct search_document document(const char *title, const char *html, const char *language)
{
	return (struct search_document){ .id = 7,
		.title = slice_of_text(title),
		.excerpt = slice_of_text("An excerpt, too."),
		.html = slice_of_text(html),
		.language = language };
}

/* Every entry of every table. */
static void dump(struct txn *txn, struct buffer *out)
{
	for (int table = 0; table < TABLE_COUNT; table++) {
		struct walk walk;
		walk_start(&walk, txn, (enum table)table, slice_of(NULL, 0));
		while (walk_next(&walk)) {
			buffer_printf(out, "%d %zu %zu ", table, walk.key.size, walk.value.size);
			buffer_append(out, walk.key.data, walk.key.size);
			buffer_append(out, walk.value.data, walk.value.size);
		}
		walk_end(&walk);
	}
	assert_false(out->overflow);
}

/* What the store holds after the document was added, and after it was merged into the blocks. */
static void add_document(struct prepare_test *test, const struct search_prepared *prepared,
	const struct search_document *document, struct buffer *out)
{
	struct txn txn;
	struct error err;
	buffer_init(out, DUMP_BYTES_MAX);
	arena_reset(&test->arena);
	assert_int_equal(txn_begin_write(&test->fixture.store->env, &txn, &err), CODE_OK);
	search_index_replace(&txn, &test->arena, test->analyzer, prepared, NULL, document);
	dump(&txn, out);
	search_index_merge(&txn, &test->arena);
	dump(&txn, out);
	enum code code = txn_status(&txn, NULL);
	txn_abort(&txn); /* closing the store would wait for it */
	assert_int_equal(code, CODE_OK);
}

static void expect_same(struct prepare_test *test, const struct search_prepared *prepared,
	const struct search_document *document, const char *label)
{
	struct buffer want;
	struct buffer got;
	add_document(test, NULL, document, &want);
	add_document(test, prepared, document, &got);
	if (want.size != got.size || memcmp(want.data, got.data, want.size) != 0)
		fail_msg("%s: the store holds something else", label);
	buffer_done(&want);
	buffer_done(&got);
}

static const struct search_prepared *prepare(
	struct prepare_test *test, const struct search_document *document)
{
	arena_reset(&test->scratch);
	return search_prepare(&test->kept, &test->scratch, test->other, document);
}

static void prepared_words_are_the_writers(void **state)
{
	static const struct {
		const char *label, *title, *html, *language;
		bool hidden;
	} cases[] = {
		{ "plain", "Running water", "<p>It runs, it ran.</p>", "en", false },
		{ "hidden", "Running water", "<p>It runs, it ran.</p>", "en", true },
		{ "headings", "Running", "<h2>Runs &amp; falls</h2><p>runs</p>", "", false },
		{ "another language", "Les Maisons", "<p>l'eau des maisons</p>", "fr", false },
		{ "pairs", "\u6C34\u6D41", "<p>\u6D41\u6C34\u4E0D\u8150</p>", "zh", false },
		{ "a title alone", "Running", "", "en", false },
	};
	struct prepare_test *test = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct search_document own =
			document(cases[i].title, cases[i].html, cases[i].language);
		own.hidden = cases[i].hidden;
		const struct search_prepared *prepared = prepare(test, &own);
		if (prepared == NULL)
			fail_msg("%s: nothing was made", cases[i].label);
		own.id = 9;
		expect_same(test, prepared, &own, cases[i].label);
	}
}

/* The writer has changed the post meanwhile: these words are not taken. */
static void words_of_another_document_are_made_again(void **state)
{
	struct prepare_test *test = *state;
	const struct search_document own = document("Running", "<p>water</p>", "en");
	const struct search_prepared *prepared = prepare(test, &own);
	assert_non_null(prepared);
	struct search_document others[] = { own, own, own, own, own };
	others[0].title = slice_of_text("Walking");
	others[1].excerpt = slice_of(NULL, 0);
	others[2].html = slice_of_text("<p>wine</p>");
	others[3].language = "de";
	others[4].hidden = true;
	static const char *const labels[] = { "title", "excerpt", "html", "language", "hidden" };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		expect_same(test, prepared, &others[i], labels[i]);
}

static void what_fits_no_record_is_left_to_the_writer(void **state)
{
	static char html[MANY_WORDS * 8];
	struct prepare_test *test = *state;
	size_t size = 0;
	for (int word = 0; word < MANY_WORDS; word++)
		size += (size_t)snprintf(html + size, sizeof html - size, "z%d ", word);
	struct search_document own = document("Long", html, "en");
	assert_null(prepare(test, &own));
	own = (struct search_document){ .id = 7, .language = "en" };
	assert_null(prepare(test, &own));
	/* Memory for the words, but none for the result. */
	struct arena none;
	arena_init(&none, 16);
	own = document("Running", "<p>water</p>", "en");
	arena_reset(&test->scratch);
	assert_null(search_prepare(&none, &test->scratch, test->other, &own));
	arena_reset(&test->kept);
	assert_null(search_prepare(&test->kept, &none, test->other, &own));
	arena_done(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prepared_words_are_the_writers),
		cmocka_unit_test(words_of_another_document_are_made_again),
		cmocka_unit_test(what_fits_no_record_is_left_to_the_writer),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
