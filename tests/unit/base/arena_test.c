#include "base/arena.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_memory_is_aligned_and_apart(void **state)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	unsigned char *last = NULL;
	for (size_t size = 0; size < 300; size++) {
		unsigned char *memory = arena_alloc(&arena, size);
		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % 16, 0);
		assert_ptr_not_equal(memory, last);
		memset(memory, (int)size, size); /* the sanitizer watches the ends */
		last = memory;
	}
	arena_done(&arena);
}

static void test_the_budget_is_hard(void **state)
{
	static const size_t budgets[] = { 0, 15, 16, 17, 100, 16384, 16400, 100000, 1 << 20 };
	static const size_t sizes[] = { 0, 1, 16, 100, 5000, 16384, 17000, 99984 };
	for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
		for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
			struct arena arena;
			size_t given = 0;
			arena_init(&arena, budgets[b]);
			while (arena_alloc(&arena, sizes[s]) != NULL) {
				given += sizes[s] == 0 ? 16 : sizes[s];
				assert_in_range(arena.used_bytes, 0, budgets[b]);
			}
			assert_in_range(given, 0, budgets[b]);
			assert_in_range(arena.used_bytes, 0, budgets[b]);
			arena_done(&arena);
			assert_int_equal(arena.used_bytes, 0);
		}
	}
}

/* What is left of the budget can be had, even where a whole block does not fit any more. */
static void test_the_rest_of_the_budget_is_given(void **state)
{
	struct arena arena;
	arena_init(&arena, 16384 + 1024);
	assert_non_null(arena_alloc(&arena, 16384));
	for (int i = 0; i < 1024 / 64; i++)
		assert_non_null(arena_alloc(&arena, 64));
	assert_null(arena_alloc(&arena, 1));
	arena_done(&arena);
}

static void test_impossible_sizes(void **state)
{
	struct arena arena;
	arena_init(&arena, SIZE_MAX);
	for (size_t less = 0; less < 32; less++)
		assert_null(arena_alloc(&arena, SIZE_MAX - less));
	assert_null(arena_calloc(&arena, SIZE_MAX / 2, 3));
	assert_null(arena_calloc(&arena, 3, SIZE_MAX / 2));
	assert_null(arena_text(&arena, slice_of("", SIZE_MAX)));
	assert_null(arena_text(&arena, slice_of("", SIZE_MAX - 1)));
	assert_non_null(arena_calloc(&arena, 0, SIZE_MAX));
	assert_non_null(arena_calloc(&arena, SIZE_MAX, 0));
	arena_done(&arena);
}

static void test_reset_keeps_the_first_block_alone(void **state)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	arena_reset(&arena); /* nothing there yet */
	void *first = arena_alloc(&arena, 100);
	for (int i = 0; i < 50; i++)
		assert_non_null(arena_alloc(&arena, 10000));
	arena_reset(&arena);
	assert_int_equal(arena.used_bytes, 16384);
	assert_ptr_equal(arena_alloc(&arena, 100), first);
	arena_done(&arena);
	assert_non_null(arena_alloc(&arena, 100)); /* usable again */
	arena_done(&arena);
	arena_done(&arena);
}

static void test_a_large_first_block_is_not_kept(void **state)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	assert_non_null(arena_alloc(&arena, 500000));
	arena_reset(&arena);
	assert_int_equal(arena.used_bytes, 0);
	for (int i = 0; i < 3; i++) {
		assert_non_null(arena_alloc(&arena, 1 << 20));
		assert_null(arena_alloc(&arena, 1));
		arena_reset(&arena);
	}
	arena_done(&arena);
}

static void test_calloc_clears_used_memory(void **state)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	memset(arena_alloc(&arena, 4096), 0xFF, 4096);
	arena_reset(&arena);
	const unsigned char *memory = arena_calloc(&arena, 64, 64);
	for (size_t i = 0; i < 4096; i++)
		assert_int_equal(memory[i], 0);
	arena_done(&arena);
}

static void test_texts(void **state)
{
	struct arena arena;
	arena_init(&arena, 64 * 1024);
	assert_string_equal(arena_text(&arena, slice_of("abcdef", 3)), "abc");
	assert_string_equal(arena_text(&arena, slice_of(NULL, 0)), "");
	assert_string_equal(arena_printf(&arena, "%s-%d", "post", 12), "post-12");
	assert_string_equal(arena_printf(&arena, "%s", ""), "");
	assert_null(arena_printf(&arena, "%070000d", 1)); /* over the budget */
	arena_done(&arena);
}

static void test_pack(void **state)
{
	struct arena arena;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	arena_init(&arena, 1024);
	struct slice empty = arena_pack(&arena, &time.base);
	assert_int_equal(empty.size, 0);
	assert_non_null(empty.data); /* not the sign of missing memory */
	time.seconds = 1;
	struct slice packed = arena_pack(&arena, &time.base);
	assert_memory_equal(packed.data, "\x08\x01", 2);
	while (arena_alloc(&arena, 16) != NULL)
		;
	assert_null(arena_pack(&arena, &time.base).data);
	arena_done(&arena);
}

static void test_rewind(void **state)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	struct arena_mark empty = arena_mark(&arena);
	assert_non_null(arena_alloc(&arena, 100));
	arena_rewind(&arena, empty);
	assert_int_equal(arena.used_bytes, 0);

	char *kept = arena_alloc(&arena, 100);
	memset(kept, 'k', 100);
	size_t used_bytes = arena.used_bytes;
	struct arena_mark mark = arena_mark(&arena);
	void *next = arena_alloc(&arena, 100);
	for (int i = 0; i < 300; i++) { /* far more than the budget, were it not given back */
		assert_non_null(arena_alloc(&arena, 10000));
		assert_non_null(arena_alloc(&arena, 100000));
		arena_rewind(&arena, mark);
		assert_int_equal(arena.used_bytes, used_bytes);
	}
	assert_ptr_equal(arena_alloc(&arena, 100), next);
	assert_int_equal(kept[0], 'k');
	assert_int_equal(kept[99], 'k');
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_aligned_and_apart),
		cmocka_unit_test(test_the_budget_is_hard),
		cmocka_unit_test(test_the_rest_of_the_budget_is_given),
		cmocka_unit_test(test_impossible_sizes),
		cmocka_unit_test(test_reset_keeps_the_first_block_alone),
		cmocka_unit_test(test_a_large_first_block_is_not_kept),
		cmocka_unit_test(test_calloc_clears_used_memory),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_rewind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
