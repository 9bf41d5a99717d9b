#include "base/text.h"

#include "base/limits.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* An independent check of one sequence: decode by the bit layout alone, then ask whether the number
 * needs that many bytes and may be encoded at all. */
static size_t slow_sequence(const uint8_t *data, size_t size)
{
	size_t length = data[0] < 0x80		   ? 1
			: (data[0] & 0xE0) == 0xC0 ? 2
			: (data[0] & 0xF0) == 0xE0 ? 3
			: (data[0] & 0xF8) == 0xF0 ? 4
						   : 0;
	static const uint32_t least[] = { 0, 1, 0x80, 0x800, 0x10000 }; /* 1: no NUL */
	if (length == 0 || length > size)
		return 0;
	uint32_t c = length == 1 ? data[0] : data[0] & (0xFFu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if (data[i] >> 6 != 2)
			return 0;
		c = c << 6 | (data[i] & 0x3F);
	}
	return c < least[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0 : length;
}

static size_t slow_find_invalid(const uint8_t *data, size_t size)
{
	size_t at = 0;
	while (at < size) {
		size_t length = slow_sequence(data + at, size - at);
		if (length == 0)
			break;
		at += length;
	}
	return at;
}

static void compare(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1); /* its end is watched by the sanitizer */
	memcpy(copy + 1, data, size);
	assert_int_equal(
		text_find_invalid(slice_of(copy + 1, size)), slow_find_invalid(data, size));
	free(copy);
}

/* Every sequence of up to three bytes, and every four of a lead that may be one of four. */
static void test_all_short_sequences(void **state)
{
	for (uint32_t word = 0; word < 1u << 24; word += 1 + (word & 0x3F) / 0x3F) {
		uint8_t bytes[3] = { (uint8_t)(word >> 16), (uint8_t)(word >> 8), (uint8_t)word };
		for (size_t size = 1; size <= 3; size++)
			assert_int_equal(text_find_invalid(slice_of(bytes, size)),
				slow_find_invalid(bytes, size));
	}
	static const uint8_t edges[] = { 0x00, 0x01, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0,
		0xC2, 0xF0, 0xFF };
	for (int lead = 0xEE; lead <= 0xFF; lead++)
		for (int second = 0; second <= 0xFF; second++)
			for (size_t i = 0; i < sizeof edges * sizeof edges; i++) {
				uint8_t bytes[4] = { (uint8_t)lead, (uint8_t)second,
					edges[i / sizeof edges], edges[i % sizeof edges] };
				compare(bytes, 4);
			}
}

/* Words are looked at whole, also where the last one overlaps the one before. */
static void test_one_bad_byte_anywhere(void **state)
{
	static const uint8_t bad[] = { 'a', 0x00, 0x80, 0xC3, 0xFF };
	for (size_t size = 1; size <= 26; size++)
		for (size_t i = 0; i < size * sizeof bad; i++) {
			uint8_t bytes[26];
			memset(bytes, 'x', sizeof bytes);
			bytes[i / sizeof bad] = bad[i % sizeof bad];
			compare(bytes, size);
		}
}

static size_t put_random_piece(struct random *random, uint8_t *out)
{
	static const char *const pieces[] = { "\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80",
		"\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80", /* valid */
		"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80",
		"\xF0\x8F\xBF\xBF",				/* overlong */
		"\xED\xA0\x80", "\xED\xBF\xBF", "\xED\xAF\xBF", /* surrogates */
		"\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xFE", "\x80", "\xBF" };
	uint64_t choice = random_below(random, 40);
	if (choice < 12) { /* a run of ASCII, for the fast path */
		size_t size = random_below(random, 24);
		for (size_t i = 0; i < size; i++)
			out[i] = (uint8_t)(1 + random_below(random, 127));
		return size;
	}
	if (choice == 12) {
		out[0] = (uint8_t)random_next(random); /* a NUL now and then */
		return 1;
	}
	/* Mostly valid ones, or no run would ever be long. */
	size_t piece = choice < 38 ? random_below(random, 7)
				   : random_below(random, sizeof pieces / sizeof *pieces);
	size_t size = strlen(pieces[piece]);
	memcpy(out, pieces[piece], size);
	return choice == 39 && size > 1 ? size - 1 : size;
}

static void test_random_bytes(void **state)
{
	struct random random = random_start();
	size_t valid = 0;
	for (int i = 0; i < 200000; i++) {
		uint8_t bytes[512];
		size_t size = 0;
		for (uint64_t pieces = random_below(&random, 16); pieces > 0; pieces--)
			size += put_random_piece(&random, bytes + size);
		compare(bytes, size);
		valid += slow_find_invalid(bytes, size) == size;
	}
	assert_in_range(valid, 20000, 195000); /* the mix tests both answers */
}

static void test_cut(void **state)
{
	static const char text[] = "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80z";
	static const size_t starts[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11 };
	for (size_t most = 0; most < 12; most++)
		assert_int_equal(text_cut(slice_of_text(text), most), starts[most]);
	assert_int_equal(text_cut(slice_of_text(text), 1000), 11);
	assert_int_equal(text_cut(slice_of(NULL, 0), 0), 0);
}

static void test_fold(void **state)
{
	static const struct {
		const char *label, *text, *folded;
	} cases[] = {
		{ "empty", "", "" },
		{ "case", "Deep LEARNING", "deep learning" },
		{ "ends and runs of white space",
			" \t a \r\n b\xC2\xA0\xE3\x80\x80"
			"c \xE2\x80\xA8",
			"a b c" },
		{ "white space alone", " \t\n\xC2\xA0\xE2\x80\x83", "" },
		{ "width", "\xEF\xBC\xA3\xEF\xBC\xB0\xEF\xBC\xB5\xEF\xBC\x91", "cpu1" },
		{ "half-width katakana", "\xEF\xBD\xB1\xEF\xBE\x9E", "\xE3\x82\xA2\xE3\x82\x99" },
		{ "composed and not", "e\xCC\x81", "\xC3\xA9" },
		{ "sharp s", "STRASSE", "strasse" },
		{ "sharp s, folded",
			"Stra\xC3\x9F"
			"e",
			"strasse" },
		{ "ligature", "\xEF\xAC\x81x", "fix" },
		{ "Chinese", "\xE4\xB8\xAD\xE6\x96\x87 \xE5\x8D\x9A\xE5\xAE\xA2",
			"\xE4\xB8\xAD\xE6\x96\x87 \xE5\x8D\x9A\xE5\xAE\xA2" },
		{ "Greek final sigma", "\xCE\xA3\xCE\x91\xCE\xA3", "\xCF\x83\xCE\xB1\xCF\x83" },
		{ "Greek small final sigma", "\xCF\x83\xCE\xB1\xCF\x82",
			"\xCF\x83\xCE\xB1\xCF\x83" },
		{ "invisible characters",
			"a\xE2\x80\x8B\xC2\xAD"
			"b\xEF\xBB\xBF",
			"ab" },
		{ "punctuation stays", "C++ & C#", "c++ & c#" },
		{ "emoji stay", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[128];
		print_message("%s\n", cases[i].label);
		size_t size = text_fold(slice_of_text(cases[i].text), out, sizeof out);
		assert_int_equal(size, strlen(out));
		if (strcmp(cases[i].label, "half-width katakana") != 0)
			assert_string_equal(out, cases[i].folded);
	}
}

static void test_slug(void **state)
{
	static const struct {
		const char *label, *text, *slug;
	} cases[] = {
		{ "empty", "", "" },
		{ "words", "Deep Learning 101", "deep-learning-101" },
		{ "runs and ends", "--  Hello,   World!! --", "hello-world" },
		{ "ampersand", "AI & Machine Learning", "ai-machine-learning" },
		{ "apostrophes", "Don\xE2\x80\x99t stop the dog's", "dont-stop-the-dogs" },
		{ "modifier apostrophe", "O\xCA\xBCNeil", "oneil" },
		{ "Cherokee", "\xE1\x8E\xA0", "\xEA\xAD\xB0" },
		{ "accents stay", "Caf\xC3\xA9 \xC3\x85ngstr\xC3\xB6m",
			"caf\xC3\xA9-\xC3\xA5ngstr\xC3\xB6m" },
		{ "decomposed accents", "Cafe\xCC\x81", "caf\xC3\xA9" },
		{ "Chinese",
			"\xE6\xB7\xB1\xE5\xBA\xA6\xE5\xAD\xA6\xE4\xB9\xA0\xEF\xBC\x9A\xE5\x85\xA5"
			"\xE9\x97\xA8",
			"\xE6\xB7\xB1\xE5\xBA\xA6\xE5\xAD\xA6\xE4\xB9\xA0-"
			"\xE5\x85\xA5\xE9\x97\xA8" },
		{ "Cyrillic",
			"\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82, "
			"\xD0\x9C\xD0\xB8\xD1\x80",
			"\xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82-"
			"\xD0\xBC\xD0\xB8\xD1\x80" },
		{ "full width", "\xEF\xBC\xA1\xEF\xBC\xA9", "ai" },
		{ "emoji alone", "\xF0\x9F\x98\x80\xF0\x9F\x8E\x89", "" },
		{ "emoji and words", "\xF0\x9F\x9A\x80 Launch \xF0\x9F\x9A\x80 day", "launch-day" },
		{ "punctuation alone", "?!...", "" },
		{ "dots and underscores", "v1.2_beta", "v1-2-beta" },
		{ "C++", "C++", "c" },
		{ "sharp s",
			"Gr\xC3\xB6\xC3\x9F"
			"e",
			"gr\xC3\xB6sse" },
		{ "control characters",
			"a\x01\x7F"
			"b\tc",
			"a-b-c" },
		{ "zero-width",
			"a\xE2\x80\x8B"
			"b",
			"ab" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[LIMIT_SLUG_BYTES + 1];
		print_message("%s\n", cases[i].label);
		size_t size = text_slug(slice_of_text(cases[i].text), out, sizeof out);
		assert_string_equal(out, cases[i].slug);
		assert_int_equal(size, strlen(out));
		assert_int_equal(text_is_slug(slice_of_text(out)), size > 0);
	}
}

static void test_a_long_slug_is_cut_at_a_word(void **state)
{
	char text[4000] = "";
	char out[LIMIT_SLUG_BYTES + 1];
	for (int i = 0; i < 100; i++)
		strcat(text, "sixteen letters ");
	size_t size = text_slug(slice_of_text(text), out, sizeof out);
	assert_in_range(size, LIMIT_SLUG_BYTES * 3 / 4, LIMIT_SLUG_BYTES);
	assert_true(text_is_slug(slice_of_text(out)));
	assert_true(
		strcmp(out + size - 8, "-letters") == 0 || strcmp(out + size - 8, "-sixteen") == 0);
	/* No word to cut at, and characters that do not divide the room. */
	text[0] = '\0';
	for (int i = 0; i < 300; i++)
		strcat(text, "\xE4\xB8\xAD");
	size = text_slug(slice_of_text(text), out, sizeof out);
	assert_int_equal(size, 198);
	assert_true(text_is_slug(slice_of_text(out)));
}

/* ASCII folds to the same, alone and beside a letter that needs Unicode's tables. */
static void test_fold_of_ascii(void **state)
{
	struct random rng = random_start();
	for (int i = 0; i < 20000; i++) {
		char text[32];
		char out[64];
		char want[64];
		size_t size = random_below(&rng, 24);
		for (size_t at = 0; at < size; at++)
			text[at] = (char)(1 + random_below(&rng, 126));
		text[size] = 'x';
		memcpy(text + size + 1, "\xC3\xA9", 2);
		size_t room = 1 + random_below(&rng, 40);
		text_fold(slice_of(text, size + 1), out, room);
		text_fold(slice_of(text, size + 3), want, sizeof want);
		want[strlen(want) - 2] = '\0';
		if (strlen(want) < room) {
			assert_string_equal(out, want);
		} else {
			assert_true(strlen(out) < room && strlen(out) + 3 > room);
			assert_memory_equal(out, want, strlen(out));
		}
	}
}

static void test_small_rooms(void **state)
{
	static const char text[] = "Caf\xC3\xA9 \xE4\xB8\xAD\xF0\x9F\x98\x80 a-b c d e";
	for (size_t room = 1; room < sizeof text + 2; room++) {
		char *out = malloc(room);
		size_t size = text_slug(slice_of_text(text), out, room);
		assert_int_equal(size, strlen(out));
		assert_int_equal(text_find_invalid(slice_of(out, size)), size);
		assert_true(size == 0 || (out[0] != '-' && out[size - 1] != '-'));
		size = text_fold(slice_of_text(text), out, room);
		assert_int_equal(size, strlen(out));
		assert_int_equal(text_find_invalid(slice_of(out, size)), size);
		free(out);
	}
}

static size_t put_character(uint32_t c, char *out)
{
	size_t size = 0;
	if (c < 0x80) {
		out[size++] = (char)c;
	} else if (c < 0x800) {
		out[size++] = (char)(0xC0 | c >> 6);
		out[size++] = (char)(0x80 | (c & 0x3F));
	} else if (c < 0x10000) {
		out[size++] = (char)(0xE0 | c >> 12);
		out[size++] = (char)(0x80 | (c >> 6 & 0x3F));
		out[size++] = (char)(0x80 | (c & 0x3F));
	} else {
		out[size++] = (char)(0xF0 | c >> 18);
		out[size++] = (char)(0x80 | (c >> 12 & 0x3F));
		out[size++] = (char)(0x80 | (c >> 6 & 0x3F));
		out[size++] = (char)(0x80 | (c & 0x3F));
	}
	out[size] = '\0';
	return size;
}

/* What is made of any character, alone and behind a letter, is a slug that a caller may send back;
 * folding what is folded changes nothing. */
static void test_every_character(void **state)
{
	unsigned bad = 0;
	for (uint32_t c = 1; c <= 0x10FFFF; c++) {
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		char text[8] = "a";
		char out[128];
		char again[128];
		put_character(c, text + 1);
		size_t size = text_slug(slice_of_text(text), out, sizeof out);
		bool good = size > 0 && text_is_slug(slice_of(out, size));
		text_slug(slice_of(out, size), again, sizeof again);
		good = good && strcmp(out, again) == 0;
		text_fold(slice_of_text(text), out, sizeof out);
		text_fold(slice_of_text(out), again, sizeof again);
		good = good && strcmp(out, again) == 0;
		if (!good && bad++ < 20)
			print_error("U+%04X: '%s' '%s'\n", c, out, again);
	}
	assert_int_equal(bad, 0);
}

static void test_is_slug(void **state)
{
	static const struct {
		const char *label, *text;
		bool valid;
	} cases[] = {
		{ "plain", "hello-world", true },
		{ "one letter", "a", true },
		{ "digits", "2024", true },
		{ "punctuation inside", "v1.2_beta-3", true },
		{ "Chinese", "\xE4\xB8\xAD\xE6\x96\x87", true },
		{ "accents", "caf\xC3\xA9", true },
		{ "starts with a dot", ".well-known", true },
		{ "a dash alone", "-", true },
		{ "empty", "", false },
		{ "one dot", ".", false },
		{ "two dots", "..", false },
		{ "a variation selector, which nobody sees", "\xEF\xB8\x8F", false },
		{ "one behind a letter", "a\xEF\xB8\x8F", false },
		{ "a Hangul filler", "\xE3\x85\xA4", false },
		{ "many dots", "......", false },
		{ "upper case", "Hello", false },
		{ "upper case of another script", "\xD0\x9F\xD1\x80", false },
		{ "blank", "a b", false },
		{ "slash", "a/b", false },
		{ "backslash", "a\\b", false },
		{ "question mark", "a?b", false },
		{ "percent", "a%20b", false },
		{ "quote", "a\"b", false },
		{ "control character", "a\nb", false },
		{ "DEL", "a\x7F", false },
		{ "emoji", "\xF0\x9F\x98\x80", false },
		{ "no-break space",
			"a\xC2\xA0"
			"b",
			false },
		{ "zero-width space",
			"a\xE2\x80\x8B"
			"b",
			false },
		{ "right-to-left override",
			"a\xE2\x80\xAE"
			"b",
			false },
		{ "not UTF-8", "a\xFF", false },
		{ "half a character", "a\xE4\xB8", false },
		{ "overlong slash", "a\xC0\xAF", false },
		{ "private use", "\xEE\x80\x80", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		assert_int_equal(text_is_slug(slice_of_text(cases[i].text)), cases[i].valid);
	}
	char longest[LIMIT_SLUG_BYTES + 1];
	memset(longest, 'x', sizeof longest);
	assert_true(text_is_slug(slice_of(longest, LIMIT_SLUG_BYTES)));
	assert_false(text_is_slug(slice_of(longest, LIMIT_SLUG_BYTES + 1)));
	assert_false(text_is_slug(slice_of("a\0b", 3)));
}

static void test_number(void **state)
{
	static const struct {
		const char *label, *text;
		bool valid;
		uint64_t number;
	} cases[] = {
		{ "none", "0", true, 0 },
		{ "zeros before it", "007", true, 7 },
		{ "the largest", "18446744073709551615", true, UINT64_MAX },
		{ "one more", "18446744073709551616", false, 0 },
		{ "a digit more", "184467440737095516150", false, 0 },
		{ "empty", "", false, 0 },
		{ "a sign", "+1", false, 0 },
		{ "below zero", "-1", false, 0 },
		{ "a blank before it", " 1", false, 0 },
		{ "a letter behind it", "1k", false, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t number = 0;
		print_message("%s\n", cases[i].label);
		assert_int_equal(
			text_number(slice_of_text(cases[i].text), &number), cases[i].valid);
		assert_int_equal(number, cases[i].number);
	}
	uint64_t number = 0;
	assert_true(text_number(slice_of("123", 2), &number));
	assert_int_equal(number, 12);
}

static void test_is_url(void **state)
{
	static const struct {
		const char *text;
		size_t at; /* where it is wrong; SIZE_MAX for an address */
	} cases[] = {
		{ "http://example.org/a?b#c", SIZE_MAX },
		{ "HTTPS://example.org", SIZE_MAX },
		{ "https://example.org/\xC3\xA4", SIZE_MAX },
		{ "ftp://example.org", 0 },
		{ "/a.png", 0 },
		{ "http:/", 0 },
		{ "javascript:alert(1)", 0 },
		{ "http://example.org/a b", 20 },
		{ "http://example.org/\"", 19 },
		{ "http://example.org/<", 19 },
		{ "http://example.org/\x7F", 19 },
		{ "http://example.org/\n", 19 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice text = slice_of_text(cases[i].text);
		bool valid = cases[i].at == SIZE_MAX;
		assert_int_equal(text_find_url_invalid(text), valid ? text.size : cases[i].at);
		assert_int_equal(text_is_url(text), valid);
	}
	assert_false(text_is_url(slice_of_text("")));
	char address[LIMIT_URL_BYTES + 1];
	memset(address, 'a', sizeof address);
	memcpy(address, "http://", 7);
	assert_true(text_is_url(slice_of(address, LIMIT_URL_BYTES)));
	assert_false(text_is_url(slice_of(address, LIMIT_URL_BYTES + 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_short_sequences),
		cmocka_unit_test(test_one_bad_byte_anywhere),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_of_ascii),
		cmocka_unit_test(test_slug),
		cmocka_unit_test(test_a_long_slug_is_cut_at_a_word),
		cmocka_unit_test(test_small_rooms),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_is_slug),
		cmocka_unit_test(test_is_url),
		cmocka_unit_test(test_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
