/* Records of recent changes: against a plain list, and any bytes. */
#include "store/search_recent.h"

#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { TERMS_MAX = 300, ARENA_BYTES = 16 * 1024 * 1024 };

struct model {
	struct recent_change change;
	struct recent_term terms[TERMS_MAX];
	uint8_t bytes[TERMS_MAX][TERM_BYTES_MAX];
};

static int compare_models(const void *a, const void *b)
{
	return slice_compare(
		((const struct recent_term *)a)->term, ((const struct recent_term *)b)->term);
}

/* Few different letters, so that many terms share their beginning. */
static struct slice random_term(struct random *random, uint8_t out[TERM_BYTES_MAX])
{
	size_t size = 1 + random_below(random, random_below(random, 9) == 0 ? TERM_BYTES_MAX : 7);
	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)("abc\xFF"[random_below(random, 4)]);
	return slice_of(out, size);
}

static uint32_t random_weight(struct random *random)
{
	return (uint32_t)(random_next(random) >> (32 + random_below(random, 32)));
}

static void random_model(struct random *random, struct model *model)
{
	size_t wanted = 1 + random_below(random, TERMS_MAX);
	struct recent_change *change = &model->change;
	change->before = (uint8_t)random_below(random, 3);
	change->after = (uint8_t)(change->before == 0 ? 1 : random_below(random, 3));
	change->terms = model->terms;
	change->count = 0;
	for (size_t i = 0; i < wanted; i++)
		model->terms[i] = (struct recent_term){
			.term = random_term(random, model->bytes[i]),
			.before = change->before == 0 ? 0 : random_weight(random),
			.after = change->after == 0 ? 0 : random_weight(random),
		};
	qsort(model->terms, wanted, sizeof *model->terms, compare_models);
	for (size_t i = 0; i < wanted; i++)
		if (i == 0 ||
			compare_models(&model->terms[change->count - 1], &model->terms[i]) != 0)
			model->terms[change->count++] = model->terms[i];
}

/* What the filter does not know is not there; that happens for most others. */
static void compare_filter(struct random *random, const struct model *model,
	const struct recent *recent, size_t *asked, size_t *wrong)
{
	uint8_t bytes[TERM_BYTES_MAX];
	assert_true(recent_check_filter(recent));
	for (size_t i = 0; i < model->change.count; i++)
		assert_true(recent_may_have(recent, recent_hash(model->terms[i].term)));
	for (int i = 0; i < 100; i++) {
		for (size_t at = 0; at < 9; at++)
			bytes[at] = (uint8_t)random_below(random, 256);
		++*asked;
		*wrong += recent_may_have(recent, recent_hash(slice_of(bytes, 9)));
	}
}

static void assert_at(const struct model *model, size_t at, const struct recent_cursor *cursor)
{
	const struct recent_term *want = &model->terms[at];
	assert_true(at < model->change.count);
	assert_true(slice_equals(recent_term(cursor), want->term));
	assert_int_equal(cursor->before, want->before);
	assert_int_equal(cursor->after, want->after);
	for (int hidden = 0; hidden <= 1; hidden++) {
		bool was = model->change.before == 1 + hidden;
		bool is = model->change.after == 1 + hidden;
		assert_int_equal(recent_before(cursor, hidden), was ? want->before : 0);
		assert_int_equal(recent_after(cursor, hidden), is ? want->after : 0);
	}
}

/* Moves to a term and reads on from there. */
static void compare_seek(
	const struct model *model, const struct recent *recent, struct slice term, bool to_end)
{
	struct recent_cursor cursor;
	size_t at = 0;
	while (at < model->change.count && slice_compare(model->terms[at].term, term) < 0)
		at++;
	bool found = recent_seek(&cursor, recent, term);
	assert_int_equal(found, at < model->change.count);
	for (; found; found = to_end && recent_next(&cursor))
		assert_at(model, at++, &cursor);
	assert_false(cursor.damaged);
	if (to_end)
		assert_int_equal(at, model->change.count);
}

static void random_records_match_a_list(void **state)
{
	static struct model model;
	struct random random = random_start();
	struct arena arena;
	size_t asked = 0;
	size_t wrong = 0;
	arena_init(&arena, ARENA_BYTES);
	for (int round = 0; round < 300; round++) {
		struct recent recent;
		struct recent_cursor cursor;
		uint8_t bytes[TERM_BYTES_MAX];
		bool too_long;
		size_t at = 0;
		arena_reset(&arena);
		random_model(&random, &model);
		struct slice record = recent_write(&arena, &model.change, &too_long);
		assert_non_null(record.data);
		assert_false(too_long);
		assert_true(recent_read(&recent, 7, record));
		assert_true(recent.id == 7 && recent.before == model.change.before);
		recent_start(&cursor, &recent);
		while (recent_next(&cursor))
			assert_at(&model, at++, &cursor);
		assert_int_equal(at, model.change.count);
		assert_false(cursor.damaged);
		compare_seek(&model, &recent, slice_of(NULL, 0), true);
		compare_filter(&random, &model, &recent, &asked, &wrong);
		for (size_t i = 0; i < model.change.count; i++)
			compare_seek(&model, &recent, model.terms[i].term, i % 40 == 0);
		for (int i = 0; i < 100; i++)
			compare_seek(&model, &recent, random_term(&random, bytes), i % 40 == 0);
	}
	assert_true(wrong * 20 < asked); /* about 2.5 % on average */
	arena_done(&arena);
}

static void what_is_too_long_is_told(void **state)
{
	static struct recent_term terms[RECENT_BYTES_MAX];
	static uint8_t bytes[RECENT_BYTES_MAX][4];
	struct recent_change change = { .after = 1, .terms = terms };
	struct arena arena;
	struct recent recent;
	bool too_long;
	arena_init(&arena, ARENA_BYTES);
	for (size_t i = 0; i < RECENT_BYTES_MAX; i++) {
		for (size_t byte = 0; byte < 4; byte++)
			bytes[i][byte] = (uint8_t)('a' + (i >> (12 - 4 * byte) & 15));
		terms[i] = (struct recent_term){ .term = slice_of(bytes[i], 4), .after = 1 };
	}
	bool was_too_long = false;
	for (change.count = 1; change.count <= RECENT_BYTES_MAX; change.count += 97) {
		arena_reset(&arena);
		struct slice record = recent_write(&arena, &change, &too_long);
		assert_int_equal(record.data == NULL, too_long);
		assert_true(too_long >= was_too_long);
		assert_true(record.size <= RECENT_BYTES_MAX);
		if (!too_long)
			assert_true(recent_read(&recent, 1, record));
		was_too_long = too_long;
	}
	assert_true(was_too_long);
	arena_done(&arena);
	arena_init(&arena, 1000);
	change.count = 1;
	assert_null(recent_write(&arena, &change, &too_long).data);
	assert_false(too_long);
	arena_done(&arena);
}

/* Walks and seeks wherever the bytes lead. */
static void read_all(struct random *random, struct slice record)
{
	struct recent recent;
	struct recent_cursor cursor;
	uint8_t bytes[TERM_BYTES_MAX];
	size_t count = 0;
	if (!recent_read(&recent, 1, record))
		return;
	recent_start(&cursor, &recent);
	while (recent_next(&cursor)) {
		assert_true(cursor.size > 0 && cursor.size <= TERM_BYTES_MAX);
		count++;
	}
	assert_true(cursor.damaged || count == recent.count);
	for (int i = 0; i < 5; i++)
		if (recent_seek(&cursor, &recent, random_term(random, bytes)))
			while (recent_next(&cursor))
				assert_true(cursor.size > 0);
}

static void damaged_bytes_are_read_or_refused(void **state)
{
	static struct model model;
	struct random random = random_start();
	struct arena arena;
	arena_init(&arena, ARENA_BYTES);
	for (int round = 0; round < 20000; round++) {
		bool too_long;
		arena_reset(&arena);
		random_model(&random, &model);
		if (model.change.count > 40)
			model.change.count = 40;
		struct slice record = recent_write(&arena, &model.change, &too_long);
		/* A copy of its own: a byte read behind it is found. */
		size_t size = random_below(&random, 3) == 0 ? random_below(&random, record.size)
							    : record.size;
		uint8_t *bytes = malloc(size);
		assert_true(bytes != NULL || size == 0);
		if (size > 0)
			memcpy(bytes, record.data, size);
		for (uint64_t flips = random_below(&random, 4); flips > 0 && size > 0; flips--)
			bytes[random_below(&random, size)] = (uint8_t)random_next(&random);
		read_all(&random, slice_of(bytes, size));
		free(bytes);
	}
	arena_done(&arena);
}

static void some_damages_are_told(void **state)
{
	/* "ab" and "abb", in no half before and published after. */
	static const char sound[] = "\0\1\0\2........\0\0\0\2ab\1\2\1b\1";
	static const struct {
		const char *label;
		size_t at;
		char byte;
	} cases[] = {
		{ "no such half", 0, 3 },
		{ "no such half after", 1, 3 },
		{ "more terms", 3, 3 },
		{ "fewer terms", 3, 1 },
		{ "no terms", 3, 0 },
		{ "another place", 13, 1 },
		{ "no room for the places", 2, 1 },
		{ "the first shares bytes", 14, 1 },
		{ "no bytes", 15, 0 },
		{ "more bytes than there are", 15, 60 },
		{ "a weight without end", 18, '\x80' },
		{ "shares more than there is", 19, 3 },
		{ "the same again", 19, 1 },
		{ "nothing more", 20, 0 },
	};
	struct slice whole = slice_of(sound, sizeof sound - 1);
	struct recent recent;
	struct recent_cursor cursor;
	assert_true(recent_read(&recent, 1, whole));
	assert_false(recent_read(&recent, 0, whole));
	assert_false(recent_read(&recent, UINT64_MAX, whole));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char bytes[sizeof sound];
		memcpy(bytes, sound, sizeof bytes);
		bytes[cases[i].at] = cases[i].byte;
		if (!recent_read(&recent, 1, slice_of(bytes, sizeof bytes - 1)))
			continue;
		recent_start(&cursor, &recent);
		while (recent_next(&cursor))
			assert_true(cursor.size > 0);
		if (!cursor.damaged)
			fail_msg("%s: read", cases[i].label);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_records_match_a_list),
		cmocka_unit_test(what_is_too_long_is_told),
		cmocka_unit_test(damaged_bytes_are_read_or_refused),
		cmocka_unit_test(some_damages_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
