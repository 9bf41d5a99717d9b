#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_the_maximum_counts_bytes_without_the_nul(void **state)
{
	struct buffer buffer;
	buffer_init(&buffer, 5);
	buffer_append_text(&buffer, "hello");
	assert_false(buffer.overflow);
	assert_string_equal(buffer_text(&buffer), "hello");
	buffer_append(&buffer, "", 0);
	assert_false(buffer.overflow);
	buffer_append_char(&buffer, '!');
	assert_true(buffer.overflow);
	buffer_done(&buffer);
}

static void test_an_overflow_stays(void **state)
{
	struct buffer buffer;
	buffer_init(&buffer, 4);
	buffer_append_text(&buffer, "ab");
	buffer_append_text(&buffer, "cde"); /* does not fit: nothing of it is taken */
	assert_int_equal(buffer.size, 2);
	buffer_append_char(&buffer, 'x'); /* would fit */
	buffer_printf(&buffer, "%d", 1);
	assert_int_equal(buffer.size, 2);
	assert_null(buffer_text(&buffer));
	assert_null(buffer_take(&buffer, NULL));
	buffer_clear(&buffer);
	assert_false(buffer.overflow);
	buffer_append_text(&buffer, "wxyz");
	assert_string_equal(buffer_text(&buffer), "wxyz");
	buffer_done(&buffer);
	assert_int_equal(buffer.max_bytes, 4);
	buffer_append_text(&buffer, "again");
	assert_true(buffer.overflow);
	buffer_done(&buffer);
}

static void test_take_hands_over(void **state)
{
	struct buffer buffer;
	size_t size = 99;
	buffer_init(&buffer, 1 << 20);
	char *empty = buffer_take(&buffer, &size);
	assert_string_equal(empty, "");
	assert_int_equal(size, 0);
	for (int i = 0; i < 100000; i++)
		buffer_printf(&buffer, "%d,", i % 10);
	buffer_append(&buffer, "\0end", 4);
	char *text = buffer_take(&buffer, &size);
	assert_int_equal(size, 200004);
	assert_int_equal(strlen(text), 200000);
	assert_int_equal(text[size], '\0');
	assert_null(buffer.data);
	buffer_append_text(&buffer, "new");
	assert_string_equal(buffer_text(&buffer), "new");
	buffer_done(&buffer);
	buffer_done(&buffer);
	free(empty);
	free(text);
}

static void test_printf_at_the_maximum(void **state)
{
	struct buffer buffer;
	buffer_init(&buffer, 300);
	buffer_printf(&buffer, "%0300d", 7);
	assert_false(buffer.overflow);
	assert_int_equal(strlen(buffer_text(&buffer)), 300);
	buffer_clear(&buffer);
	buffer_printf(&buffer, "%0301d", 7);
	assert_true(buffer.overflow);
	buffer_done(&buffer);
}

static void test_no_room_at_all(void **state)
{
	struct buffer buffer;
	buffer_init(&buffer, 0);
	assert_string_equal(buffer_text(&buffer), "");
	buffer_append_char(&buffer, 'x');
	assert_null(buffer_text(&buffer));
	buffer_done(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_maximum_counts_bytes_without_the_nul),
		cmocka_unit_test(test_an_overflow_stays),
		cmocka_unit_test(test_take_hands_over),
		cmocka_unit_test(test_printf_at_the_maximum),
		cmocka_unit_test(test_no_room_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
