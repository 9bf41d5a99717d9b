/* Filters that are refused: what is said, where, and with how little memory. */
#include "base/text.h"
#include "support/filter_posts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FIELDS \
	"the fields are tags, categories, authors, series, state, featured, language, slug, " \
	"title, publish_time, expire_time, create_time, update_time, delete_time"
#define STATES "the states are DRAFT, SCHEDULED, PUBLISHED, EXPIRED and TRASHED"
#define TIMES "write 2024-01-31 or 2024-01-31T09:30:00Z, with an offset such as +02:00 instead of Z"

static void test_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		/* The grammar comes first. */
		{ "tag:x AND (",
			"at byte 12: expected a restriction, for example tags:\"python\"" },
		/* Fields. */
		{ "tag:x", "at byte 1: there is no field \"tag\"; " FIELDS },
		{ "featured AND Tags:x", "at byte 14: there is no field \"Tags\"; " FIELDS },
		{ "tags.slug:x", "at byte 1: there is no field \"tags.slug\"; " FIELDS },
		{ "publishTime > 1", "at byte 1: there is no field \"publishTime\"; " FIELDS },
		{ "python",
			"at byte 1: \"python\" stands alone; a restriction is a field, an operator "
			"and a value, for example tags:\"python\"" },
		{ "state = PUBLISHED OR DRAFT",
			"at byte 22: \"DRAFT\" stands alone; a restriction is a field, an operator "
			"and a value, for example tags:\"python\"" },
		{ "tags", "at byte 1: \"tags\" stands alone; it needs an operator and a value, for "
			  "example tags:\"python\"" },
		{ "-publish_time",
			"at byte 2: \"publish_time\" stands alone; it needs an operator and a "
			"value, for example publish_time >= 2024-01-31" },
		/* Operators. */
		{ "tags = x",
			"at byte 6: '=' does not go with tags; use ':' and, for the opposite, NOT "
			"before the field, for example tags:\"python\"" },
		{ "series != x",
			"at byte 8: '!=' does not go with series; use ':' and, for the opposite, "
			"NOT before the field, for example series:\"python\"" },
		{ "authors < x",
			"at byte 9: '<' does not go with authors; use ':' and, for the opposite, "
			"NOT before the field, for example authors:\"python\"" },
		{ "state:DRAFT",
			"at byte 6: ':' does not go with state; use = or !=, for example state = "
			"DRAFT" },
		{ "state >= DRAFT",
			"at byte 7: '>=' does not go with state; use = or !=, for example state = "
			"DRAFT" },
		{ "featured:true",
			"at byte 9: ':' does not go with featured; use = or !=, for example "
			"featured = true" },
		{ "title:x",
			"at byte 6: ':' does not go with title; use = or !=, for example title = "
			"\"intro*\"" },
		{ "slug > x",
			"at byte 6: '>' does not go with slug; use = or !=, for example slug = "
			"\"intro*\"" },
		{ "publish_time:2024-01-31",
			"at byte 13: ':' only asks whether a time is set: publish_time:*; compare "
			"it with =, !=, <, <=, > or >=" },
		/* Values. */
		{ "tags:py*",
			"at byte 6: tags cannot be asked for by a prefix; write tags:* for any, "
			"and \"\\*\" for a '*' in a name" },
		{ "tags:\"**\"",
			"at byte 6: tags cannot be asked for by a prefix; write tags:* for any, "
			"and \"\\*\" for a '*' in a name" },
		{ "state = draft", "at byte 9: \"draft\" is no state; " STATES },
		{ "state = UNSPECIFIED", "at byte 9: \"UNSPECIFIED\" is no state; " STATES },
		{ "state = POST_STATE_", "at byte 9: \"POST_STATE_\" is no state; " STATES },
		{ "state = POST_STATE_POST_STATE_DRAFT",
			"at byte 9: \"POST_STATE_POST_STATE_DRAFT\" is no state; " STATES },
		{ "state = \"\"", "at byte 9: \"\" is no state; " STATES },
		{ "state = *", "at byte 9: \"*\" is no state; " STATES },
		{ "state = 1", "at byte 9: \"1\" is no state; " STATES },
		{ "featured = 1", "at byte 12: \"1\" is no boolean; write true or false" },
		{ "featured = TRUE", "at byte 12: \"TRUE\" is no boolean; write true or false" },
		{ "title = a*b",
			"at byte 9: a '*' may stand at the end alone, for a prefix; for the "
			"character itself write \"\\*\"" },
		{ "slug != \"*a\"",
			"at byte 9: a '*' may stand at the end alone, for a prefix; for the "
			"character itself write \"\\*\"" },
		{ "language = **",
			"at byte 12: a '*' may stand at the end alone, for a prefix; for the "
			"character itself write \"\\*\"" },
		{ "language = *", "at byte 12: a prefix needs a character before the '*'" },
		{ "title = \" *\"", "at byte 9: a prefix needs a character before the '*'" },
		{ "publish_time > yesterday", "at byte 16: \"yesterday\" is no time; " TIMES },
		{ "publish_time > 2024", "at byte 16: \"2024\" is no time; " TIMES },
		{ "publish_time > 2024-02-30", "at byte 16: \"2024-02-30\" is no time; " TIMES },
		{ "publish_time > 2024-01-31T", "at byte 16: \"2024-01-31T\" is no time; " TIMES },
		{ "publish_time > \"2024-01-31T01:02:03\"",
			"at byte 16: \"2024-01-31T01:02:03\" is no time; " TIMES },
		{ "publish_time > 0000-01-01", "at byte 16: \"0000-01-01\" is no time; " TIMES },
		{ "publish_time > 1706659200", "at byte 16: \"1706659200\" is no time; " TIMES },
		{ "publish_time = *", "at byte 16: \"*\" is no time; " TIMES },
		{ "update_time >= create_time", "at byte 16: \"create_time\" is no time; " TIMES },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct filter filter = { .root = NULL };
		struct error err = { .text = "" };
		assert_int_equal(filter_compile(txn, &arena, cases[i].text, &filter, &err),
			CODE_INVALID_ARGUMENT);
		if (strncmp(err.text, "filter: ", 8) != 0 ||
			strcmp(err.text + 8, cases[i].error) != 0)
			print_error("%s: %s\n", cases[i].text, err.text);
		assert_string_equal(err.text + 8, cases[i].error);
		assert_string_equal(err.reason, "FILTER_INVALID");
		assert_string_equal(err.field, "filter");
	}
}

/* As long as a request lets it be: the advice is not cut, nor is a character. */
static void test_long_names(void **state)
{
	static const struct {
		const char *piece, *behind, *advice;
	} cases[] = {
		{ "x", ":y", FIELDS },
		{ "\xE4\xB8\xAD", ":y", FIELDS },
		{ "x", "", "for example tags:\"python\"" },
		{ "state = x", "", STATES },
		{ "publish_time < x", "", TIMES },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[LIMIT_FILTER_BYTES + 1] = "";
		struct filter filter;
		struct error err = { .text = "" };
		strcpy(text, cases[i].piece);
		while (strlen(text) + 8 < sizeof text)
			strcat(text,
				(unsigned char)cases[i].piece[0] >= 0x80 ? "\xE4\xB8\xAD" : "x");
		strcat(text, cases[i].behind);
		assert_int_equal(
			filter_compile(txn, &arena, text, &filter, &err), CODE_INVALID_ARGUMENT);
		assert_non_null(strstr(err.text, cases[i].advice));
		assert_int_equal(text_find_invalid(slice_of_text(err.text)), strlen(err.text));
	}
}

static void test_out_of_memory(void **state)
{
	static const char text[] = "title = \"x*\" OR language != en AND -featured = false";
	bool done = false;
	for (size_t budget = 0; !done && budget < 65536; budget += 16) {
		struct arena small;
		struct filter filter;
		struct error err = { .text = "" };
		arena_init(&small, budget);
		done = filter_compile(txn, &small, text, &filter, &err) == CODE_OK;
		if (!done)
			assert_string_equal(err.reason, "OUT_OF_MEMORY");
		arena_done(&small);
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, filter_posts_set_up, filter_posts_tear_down);
}
