/* Suggestions: how texts are folded, and what a prefix finds. */
#include "support/store_fixture.h"

#include "store/env.h"
#include "store/store_private.h"
#include "store/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct analyzer *analyzer;
static struct store_fixture fixture;

static void prefixes_are_folded(void **state)
{
	static const struct {
		const char *typed, *folded;
	} cases[] = {
		{ "", "" },
		{ " - ! ", "" },
		{ "Deep Lea", "deep lea" },
		{ "deep  ", "deep" },
		{ "Deep-Learning", "deep learning" },
		{ "C++", "c" },
		{ "Café", "cafe" },
		{ "ＣＡＦÉ", "cafe" },
		{ "Straße", "strasse" },
		{ "don't", "dont" },
		{ "深度学习", "深度学习" },
		{ "深", "深" },
		{ "iPhone手机", "iphone 手机" },
		{ "深度 学习", "深度 学习" },
		{ "running runs", "running runs" }, /* not stemmed */
		{ "x 1234567890123456789012345678901234567890123456789012345678901234567890",
			"x 12345678901234567890123456789012345678901234567890123456789012" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char folded[SUGGEST_BYTES_MAX + 1];
		size_t size = suggest_fold(analyzer, slice_of_text(cases[i].typed), folded);
		assert_string_equal(folded, cases[i].folded);
		assert_int_equal(size, strlen(folded));
	}
}

static void replace(enum suggest_kind kind, uint64_t id, const char *before, const char *after)
{
	struct txn txn;
	struct error err;
	assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
	suggest_replace(&txn, analyzer, kind, id, slice_of_text(before), slice_of_text(after));
	if (txn_commit(&txn, &err) != CODE_OK)
		fail_msg("%s", err.text);
}

/* What a typed text finds, as "kind:id/ordinal folded;" */
static void assert_found(const char *typed, const char *want)
{
	struct txn *txn;
	struct error err;
	char folded[SUGGEST_BYTES_MAX + 1];
	char found[1000];
	size_t size = 0;
	struct suggest_walk walk;
	assert_int_equal(store_snapshot(fixture.store, &txn, &err), CODE_OK);
	size_t folded_size = suggest_fold(analyzer, slice_of_text(typed), folded);
	suggest_walk_start(&walk, txn, slice_of(folded, folded_size));
	found[0] = '\0';
	while (suggest_walk_next(&walk))
		size += (size_t)snprintf(found + size, sizeof found - size, "%d:%d/%u %.*s;",
			(int)walk.found.kind, (int)walk.found.id, walk.found.ordinal,
			(int)walk.found.folded.size, (const char *)walk.found.folded.data);
	suggest_walk_end(&walk);
	assert_int_equal(txn_status(txn, &err), CODE_OK);
	store_release(fixture.store, txn);
	assert_string_equal(found, want);
}

static void every_word_begins_a_suggestion(void **state)
{
	store_fixture_open(&fixture, 0);
	replace(SUGGEST_POST, 7, "", "Deep Learning, deeply explained");
	replace(SUGGEST_TAG, 3, "", "Deep-Learning");
	replace(SUGGEST_POST, 8, "", "深度学习");
	assert_found("deep lea", "2:3/0 deep learning;1:7/0 deep learning deeply explained;");
	assert_found("DEEPL", "1:7/2 deeply explained;");
	assert_found("expl", "1:7/3 explained;");
	assert_found("deepx", "");
	assert_found("eep", "");
	assert_found("学", "1:8/2 学习;");
	assert_found("度学", "1:8/1 度学习;");
	assert_found("习", "1:8/3 习;");
	replace(SUGGEST_POST, 7, "Deep Learning, deeply explained", "Learning");
	replace(SUGGEST_TAG, 3, "Deep-Learning", "");
	assert_found("deep", "");
	assert_found("l", "1:7/0 learning;");
	replace(SUGGEST_POST, 7, "Learning", "");
	replace(SUGGEST_POST, 8, "深度学习", "");
	assert_found("", "");
	store_fixture_close(&fixture);
}

static void long_texts_are_bounded(void **state)
{
	char title[1025];
	struct suggest_text text;
	struct key key;
	for (size_t i = 0; i < 1024; i++)
		title[i] = i % 2 == 0 ? 'a' : ' ';
	title[1024] = '\0';
	suggest_read(analyzer, slice_of_text(title), &text);
	assert_int_equal(text.count, SUGGEST_WORDS_MAX);
	suggest_key(&key, &text, SUGGEST_WORDS_MAX - 1, SUGGEST_POST, 1);
	assert_int_equal(key.size, SUGGEST_BYTES_MAX + 11);
	/* One ligature that folds to eighteen characters, over and over. */
	for (size_t i = 0; i + 3 <= 1024; i += 3)
		memcpy(title + i, "\xEF\xB7\xBA", 3);
	title[1023] = '\0';
	suggest_read(analyzer, slice_of_text(title), &text);
	assert_true(text.size <= sizeof text.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_folded),
		cmocka_unit_test(every_word_begins_a_suggestion),
		cmocka_unit_test(long_texts_are_bounded),
	};
	analyzer = analyzer_new();
	int failed = analyzer == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
	analyzer_free(analyzer);
	return failed;
}
