/* Lengths in one byte, as Lucene codes norms. */
#include "store/search_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What Lucene's SmallFloat.byte4ToInt(SmallFloat.intToByte4(i)) gives: 24 numbers by themselves,
 * then 24 plus the rest cut to four significant bits. Written another way than the code. */
static uint64_t lucene(uint64_t length)
{
	if (length < 24)
		return length;
	uint64_t rest = length - 24;
	uint64_t unit = 1;
	while (rest / unit >= 16)
		unit *= 2;
	return 24 + rest / unit * unit;
}

static void lengths_are_those_of_lucene(void **state)
{
	uint64_t step = 1;
	for (uint64_t length = 0; length < UINT64_C(1) << 30; length += step) {
		uint8_t code = search_length_code(length);
		assert_int_not_equal(code, 0);
		assert_true(search_length_of_code(code) == lucene(length));
		step = length < 100000 ? 1 : 1 + length / 5000;
	}
	assert_int_equal(search_length_of_code(search_length_code(39)), 39);
	assert_int_equal(search_length_of_code(search_length_code(41)), 40);
	assert_int_equal(search_length_of_code(0), 0);
}

static void codes_ascend(void **state)
{
	for (unsigned code = 1; code < 255; code++) {
		uint32_t length = search_length_of_code((uint8_t)code);
		assert_int_equal(search_length_code(length), code);
		assert_true(search_length_of_code((uint8_t)(code + 1)) > length);
	}
	assert_int_equal(search_length_code(UINT64_MAX), 255);
	assert_int_equal(search_length_code(UINT32_MAX), 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_are_those_of_lucene),
		cmocka_unit_test(codes_ascend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
