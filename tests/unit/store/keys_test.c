/* Keys: the byte order is the order that the comments promise, and reading gives back what was
 * written. */
#include "store/keys.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static int compare(const struct key *a, const struct key *b)
{
	size_t size = a->size < b->size ? a->size : b->size;
	int order = memcmp(a->bytes, b->bytes, size);
	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static uint64_t random_u64(void)
{
	uint64_t value = 0;
	for (int i = 0; i < 4; i++)
		value = value << 16 ^ (uint64_t)(unsigned)rand();
	/* Small and large numbers alike. */
	return value >> (rand() % 64);
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void newest_first_then_newest_id(void **state)
{
	unsigned seed = (unsigned)time(NULL);
	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 100000; i++) {
		int64_t times[2] = { (int64_t)(random_u64() - random_u64()), 0 };
		times[1] = rand() % 4 == 0 ? times[0] : (int64_t)(random_u64() - random_u64());
		uint64_t ids[2] = { random_u64(), random_u64() };
		struct key keys[2];
		for (int k = 0; k < 2; k++) {
			struct posting posting = { .kind = POSTING_TAG,
				.number = 7,
				.sort = sort_newest_first(times[k]),
				.id = ids[k] };
			struct posting back;
			key_posting(&keys[k], &posting);
			assert_true(key_read_posting(key_slice(&keys[k]), &back));
			assert_int_equal(back.kind, posting.kind);
			assert_true(
				back.number == 7 && back.sort == posting.sort && back.id == ids[k]);
			assert_true(time_of_newest_first(back.sort) == times[k]);
		}
		int want = times[0] != times[1] ? (times[0] > times[1] ? -1 : 1)
			   : ids[0] != ids[1]	? (ids[0] > ids[1] ? -1 : 1)
						: 0;
		assert_int_equal(sign(compare(&keys[0], &keys[1])), want);
	}
}

static void names_sort_before_their_longer_kin(void **state)
{
	static const char *const names[] = { "a", "a b", "ab", "b", "\xC3\xA9" };
	struct key previous;
	key_name(&previous, 1, slice_of_text(""), UINT64_MAX);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct key key;
		uint8_t kind;
		struct slice folded;
		uint64_t id;
		key_name(&key, 1, slice_of_text(names[i]), 5);
		assert_true(compare(&previous, &key) < 0);
		assert_true(key_read_name(key_slice(&key), &kind, &folded, &id));
		assert_true(kind == 1 && id == 5 && slice_equals(folded, slice_of_text(names[i])));
		key_name(&previous, 1, slice_of_text(names[i]), UINT64_MAX);
	}
}

static void a_long_name_is_cut_and_fits(void **state)
{
	char name[2000];
	struct key key;
	uint8_t kind;
	struct slice folded;
	uint64_t id;
	memset(name, 'x', sizeof name);
	key_name(&key, 3, slice_of(name, sizeof name), 9);
	assert_true(key.size <= KEY_BYTES_MAX);
	assert_true(key_read_name(key_slice(&key), &kind, &folded, &id));
	assert_int_equal(id, 9);
}

static void other_sizes_are_refused(void **state)
{
	uint8_t bytes[64] = { 1 };
	for (size_t size = 0; size < sizeof bytes; size++) {
		struct slice key = slice_of(bytes, size);
		struct posting posting;
		enum post_part part;
		uint8_t kind;
		uint64_t a;
		uint64_t b;
		int64_t time_us;
		bool former;
		assert_int_equal(key_read_posting(key, &posting), size == 25);
		assert_int_equal(key_read_rank(key, &kind, &a, &b), size == 17);
		assert_int_equal(key_read_child(key, &a, &b), size == 16);
		assert_int_equal(key_read_due(key, &time_us, &a), size == 16);
		assert_int_equal(key_read_change(key, &a), size == 8);
		assert_int_equal(key_read_term(key, &kind, &a), size == 9);
		assert_int_equal(value_read_slug(key, &a, &former), size == 9);
		assert_false(key_read_post(key, &a, &part)); /* there is no part 0 */
	}
}

static void ranks_put_the_largest_count_first(void **state)
{
	struct key many;
	struct key few;
	struct key none;
	key_rank(&many, 1, 100, 1);
	key_rank(&few, 1, 2, 9);
	key_rank(&none, 1, 0, 9);
	assert_true(compare(&many, &few) < 0);
	assert_true(compare(&few, &none) < 0);
}

/* All blocks of a term, by floor, before the first of a longer term; the hidden half behind. */
static void blocks_of_a_term_stand_side_by_side(void **state)
{
	static const struct {
		bool hidden;
		const char *term;
		uint64_t floor; /* 0: the first block */
	} ascending[] = {
		{ false, "ab", 0 },
		{ false, "ab", 1 },
		{ false, "ab", 256 },
		{ false, "ab", UINT64_MAX },
		{ false, "ab\1", 0 },
		{ false, "abc", 0 },
		{ false, "abc", 7 },
		{ false, "b", 0 },
		{ false, "\xE4\xB8\xAD\xE6\x96\x87", 5 },
		{ true, "a", 0 },
		{ true, "ab", 3 },
	};
	struct key previous = { .size = 0 };
	for (size_t i = 0; i < sizeof ascending / sizeof *ascending; i++) {
		struct key key;
		bool hidden;
		bool is_first;
		struct slice term;
		uint64_t floor;
		struct slice want = slice_of_text(ascending[i].term);
		if (ascending[i].floor == 0)
			key_search(&key, ascending[i].hidden, want);
		else
			key_search_block(&key, ascending[i].hidden, want, ascending[i].floor);
		assert_true(compare(&previous, &key) < 0);
		assert_true(key_read_search(key_slice(&key), &hidden, &term, &is_first, &floor));
		assert_int_equal(hidden, ascending[i].hidden);
		assert_true(slice_equals(term, want));
		assert_int_equal(is_first, ascending[i].floor == 0);
		assert_true(floor == ascending[i].floor);
		previous = key;
	}
}

static void other_keys_of_search_and_suggestions_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} cases[] = { { "", 0 }, { "\0", 1 }, { "\2a", 2 }, { "\0\0", 2 }, { "\0a\0", 3 },
		{ "\0a\0\1\2\3\4\5\6\7", 10 }, { "\0a\0\1\2\3\4\5\6\7\10\11", 12 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool flag;
		struct slice part;
		uint64_t number;
		uint8_t kind;
		uint8_t ordinal;
		struct slice key = slice_of(cases[i].bytes, cases[i].size);
		assert_false(key_read_search(key, &flag, &part, &flag, &number));
		assert_false(key_read_suggest(key, &part, &kind, &ordinal, &number));
	}
}

static void suggestions_are_read_back(void **state)
{
	struct key key;
	struct slice folded;
	uint8_t kind;
	uint8_t ordinal;
	uint64_t id;
	/* Numbers with bytes of 0 behind the text. */
	key_suggest(&key, slice_of_text("deep learning"), 4, 0, 256);
	assert_true(key_read_suggest(key_slice(&key), &folded, &kind, &ordinal, &id));
	assert_true(slice_equals(folded, slice_of_text("deep learning")));
	assert_true(kind == 4 && ordinal == 0 && id == 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_first_then_newest_id),
		cmocka_unit_test(names_sort_before_their_longer_kin),
		cmocka_unit_test(a_long_name_is_cut_and_fits),
		cmocka_unit_test(other_sizes_are_refused),
		cmocka_unit_test(blocks_of_a_term_stand_side_by_side),
		cmocka_unit_test(other_keys_of_search_and_suggestions_are_refused),
		cmocka_unit_test(suggestions_are_read_back),
		cmocka_unit_test(ranks_put_the_largest_count_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
