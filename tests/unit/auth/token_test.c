#include "auth/token.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* Fixed, so that a token of another version is recognised: the checksum is computed elsewhere
 * (python3: hashlib.blake2b(text, digest_size=32).hexdigest()[:8]). */
static const char known[] = "lectern_0123456789ab_"
			    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
			    "4b91fbd9";

static void is_recognised_by_others(void **state)
{
	assert_int_equal(strlen(known), TOKEN_BYTES);
	assert_true(token_is_whole(slice_of_text(known)));
	assert_memory_equal(token_id(slice_of_text(known)), "0123456789ab", TOKEN_ID_BYTES);
	uint8_t hash[TOKEN_HASH_BYTES];
	char text[2 * TOKEN_HASH_BYTES + 1];
	token_hash(slice_of_text(known), hash);
	sodium_bin2hex(text, sizeof text, hash, sizeof hash);
	assert_string_equal(
		text, "a10abfddc55fdbf79a74b5362245eb961748441513512ed8c1cb6f10680d6018");
}

static void is_made_anew_each_time(void **state)
{
	char first[TOKEN_BYTES + 1];
	char second[TOKEN_BYTES + 1];
	uint8_t a[TOKEN_HASH_BYTES];
	uint8_t b[TOKEN_HASH_BYTES];
	token_make(first);
	token_make(second);
	assert_int_equal(strlen(first), TOKEN_BYTES);
	assert_true(token_is_whole(slice_of_text(first)));
	assert_string_not_equal(first, second);
	token_hash(slice_of_text(first), a);
	token_hash(slice_of_text(second), b);
	assert_true(token_hash_equals(a, a));
	assert_false(token_hash_equals(a, b));
}

/* One byte of a hash makes the difference, wherever it is. */
static void hashes_differ_at_each_byte(void **state)
{
	uint8_t a[TOKEN_HASH_BYTES] = { 0 };
	for (size_t i = 0; i < sizeof a; i++) {
		uint8_t b[TOKEN_HASH_BYTES] = { 0 };
		b[i] = 1;
		assert_false(token_hash_equals(a, b));
	}
}

/* Every other byte anywhere, and every other length. */
static void tells_typos(void **state)
{
	char text[TOKEN_BYTES + 2];
	token_make(text);
	for (size_t i = 0; i < TOKEN_BYTES; i++) {
		char right = text[i];
		for (int c = 0; c < 256; c++) {
			text[i] = (char)c;
			assert_int_equal(
				token_is_whole(slice_of(text, TOKEN_BYTES)), (char)c == right);
		}
		text[i] = right;
		assert_false(token_is_whole(slice_of(text, i)));
	}
	text[TOKEN_BYTES] = '0';
	assert_false(token_is_whole(slice_of(text, TOKEN_BYTES + 1)));
	assert_false(token_is_whole(slice_of(NULL, 0)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_recognised_by_others),
		cmocka_unit_test(is_made_anew_each_time),
		cmocka_unit_test(hashes_differ_at_each_byte),
		cmocka_unit_test(tells_typos),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
