/*
 * Filters and orders that are wrong, to a real server: each is INVALID_ARGUMENT with the field, the
 * reason and, in a text, the place. The server goes on and its store is unchanged.
 */
#include "e2e/questions.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { FUZZED_FILTERS = 4000, FILTER_BYTES_MAX = 4096 };

/* The place in a text such as "filter: at byte 12: ...", 0 if there is none. */
static unsigned long place_in(const char *message)
{
	const char *at = strstr(message, "at byte ");
	return at == NULL ? 0 : strtoul(at + strlen("at byte "), NULL, 10);
}

/* --- filters --- */

static const struct {
	const char *label, *filter;
	unsigned long place;
} bad_filters[] = {
	{ "an open parenthesis", "(tags:a", 8 },
	{ "an open one inside", "(tags:a AND (tags:b)", 21 },
	{ "one too many closed", "tags:a)", 7 },
	{ "closed first", ")tags:a(", 1 },
	{ "empty parentheses", "()", 2 },
	{ "an unknown field", "colour:red", 1 },
	{ "an unknown field behind", "tags:a AND colour = red", 12 },
	{ "a field of another case", "Tags:a", 1 },
	{ "a number where a time belongs", "publish_time > 12", 16 },
	{ "a word where a time belongs", "publish_time > yesterday", 16 },
	{ "no such day", "publish_time > 2024-02-30", 16 },
	{ "a word where a boolean belongs", "featured = maybe", 12 },
	{ "no such state", "state = BORN", 9 },
	{ "an operator that tags have not", "tags = a", 6 },
	{ "an order of titles", "title < \"a\"", 7 },
	{ "an order of states", "state > DRAFT", 7 },
	{ "a time that is had", "publish_time:2024-01-01", 13 },
	{ "no value", "tags:", 6 },
	{ "no operator", "tags", 1 },
	{ "a value alone", "\"a\"", 1 },
	{ "an open string", "title = \"abc", 9 },
	{ "an operator alone", "= a", 1 },
	{ "AND alone", "AND", 1 },
	{ "AND at the end", "tags:a AND", 11 },
	{ "AND at the beginning", "AND tags:a", 1 },
	{ "OR twice", "tags:a OR OR tags:b", 11 },
	{ "NOT alone", "NOT", 4 },
	{ "a minus alone", "tags:a AND -", 13 },
	{ "two restrictions side by side", "tags:a tags:b", 8 },
	{ "and in lower case", "tags:a and tags:b", 8 },
	{ "operators of C", "tags:a && tags:b", 8 },
	{ "a star in the middle", "slug = \"a*b\"", 8 },
	{ "a prefix of nothing", "slug = \"*\"", 8 },
	{ "a control character", "title = \"a\x01\"", 11 },
};

static void bad_filters_name_the_place(void **state)
{
	for (size_t i = 0; i < sizeof bad_filters / sizeof *bad_filters; i++) {
		struct question question = { .filter = bad_filters[i].filter };
		for (size_t m = 0; m < WITH_FILTER; m++) {
			struct lectern_error err = { 0 };
			char label[128];
			snprintf(label, sizeof label, "%s, %s", bad_filters[i].label,
				with_filter[m].name);
			check_refused(label, with_filter[m].ask(client, &question, &err), &err,
				"FILTER_INVALID", "filter");
			if (place_in(err.message) != bad_filters[i].place)
				fail_msg("%s: not byte %lu: %s", label, bad_filters[i].place,
					err.message);
		}
	}
}

/* How often a part stands in the filter, and what joins them. */
static const struct {
	const char *label, *part, *join, *end;
	int count;
	const char *reason;
} big_filters[] = {
	{ "10,000 restrictions", "tags:a", " OR ", "", 10000, "FIELD_TOO_LONG" },
	{ "101 restrictions", "tags:a", " AND ", "", 101, "FILTER_TOO_COMPLEX" },
	{ "33 levels", "(", "", "tags:a", 33, "FILTER_TOO_COMPLEX" },
	{ "4,000 levels", "(", "", "", 4000, "FILTER_TOO_COMPLEX" },
	{ "2,000 times NOT (", "-(", "", "", 2000, "FILTER_TOO_COMPLEX" },
};

static void big_filters_are_refused(void **state)
{
	static char text[10000 * 16];
	for (size_t i = 0; i < sizeof big_filters / sizeof *big_filters; i++) {
		size_t size = 0;
		for (int part = 0; part < big_filters[i].count; part++)
			size += (size_t)sprintf(text + size, "%s%s",
				part == 0 ? "" : big_filters[i].join, big_filters[i].part);
		strcpy(text + size, big_filters[i].end);
		struct question question = { .filter = text };
		for (size_t m = 0; m < WITH_FILTER; m++) {
			struct lectern_error err = { 0 };
			check_refused(big_filters[i].label,
				with_filter[m].ask(client, &question, &err), &err,
				big_filters[i].reason, "filter");
			if (strcmp(big_filters[i].reason, "FIELD_TOO_LONG") != 0 &&
				place_in(err.message) == 0)
				fail_msg("%s: no place: %s", big_filters[i].label, err.message);
		}
	}
}

static void what_fits_is_answered(void **state)
{
	static char text[FILTER_BYTES_MAX + 1];
	struct lectern_error err;
	size_t size = 0;
	for (int i = 0; i < 100; i++)
		size += (size_t)sprintf(text + size, "%stags:a", i == 0 ? "" : " AND ");
	struct question question = { .filter = text };
	if (!list_posts(client, &question, &err))
		fail_msg("100 restrictions: %s", err.message);
	memset(text, '(', 32);
	strcpy(text + 32, "tags:a");
	memset(text + 38, ')', 32);
	text[70] = '\0';
	if (!list_posts(client, &question, &err))
		fail_msg("32 levels: %s", err.message);
	memset(text, ' ', FILTER_BYTES_MAX);
	memcpy(text + FILTER_BYTES_MAX - 6, "tags:a", 6);
	text[FILTER_BYTES_MAX] = '\0';
	if (!list_posts(client, &question, &err))
		fail_msg("4096 bytes: %s", err.message);
}

/* Filters with bytes changed, left out, doubled and swapped are answered or refused with a place in
 * them. */
static void mutated_filters_are_answered_or_refused(void **state)
{
	static const char *const seeds[] = {
		"tags:\"a\" AND publish_time > \"2024-01-01T00:00:00Z\" AND NOT categories:\"b\"",
		"(series:s OR featured = true) AND -(state = DRAFT) AND title = \"po\\\"st*\"",
		"language != 'en-US' AND slug=\"post-1*\" OR delete_time:* AND NOT authors:*",
		"update_time <= 2024-03-01 OR (create_time>=2020-01-01T00:00:00+02:00)",
	};
	static const char pieces[] = "()\"'\\*:=<>!-ANDORT tags\n\x7f\xc3";
	struct random random = random_start();
	for (int i = 0; i < FUZZED_FILTERS; i++) {
		char text[512];
		strcpy(text, seeds[random_below(&random, 4)]);
		for (uint64_t edits = 1 + random_below(&random, 4); edits > 0; edits--) {
			size_t size = strlen(text);
			size_t at = random_below(&random, size + 1);
			char piece = pieces[random_below(&random, sizeof pieces - 1)];
			if (random_below(&random, 3) == 0 && at < size) {
				memmove(text + at, text + at + 1, size - at);
			} else if (random_below(&random, 2) == 0 && at < size) {
				text[at] = piece;
			} else {
				memmove(text + at + 1, text + at, size - at + 1);
				text[at] = piece;
			}
		}
		struct question question = { .filter = text };
		struct lectern_error err = { 0 };
		if (with_filter[i % WITH_FILTER].ask(client, &question, &err))
			continue;
		bool is_text = strcmp(err.reason, "INVALID_UTF8") == 0;
		unsigned long place = place_in(err.message);
		if (err.code != LECTERN_INVALID_ARGUMENT || strcmp(err.field, "filter") != 0 ||
			(!is_text && (place == 0 || place > strlen(text) + 1)))
			fail_msg("%s: %s %s: %s", text, lectern_code_name(err.code), err.reason,
				err.message);
	}
}

/* --- orders --- */

static const struct {
	const char *order_by, *filter;
} bad_orders[] = { { "colour", "" }, { "publish_time up", "" }, { "publish_time desc asc", "" },
	{ "desc", "" }, { ",", "" }, { "title,", "" }, { "title desc, publish_time", "" },
	{ "series.part", "" }, { "series.part", "tags:a" }, { "series.part", "NOT series:s" },
	{ "series.part", "series:s OR tags:a" }, { "series.part", "series:*" },
	{ "series.part desc", "-(series:s AND tags:a)" }, { "-title", "" }, { "tags", "" },
	{ "\"title\"", "" } };

static void bad_orders_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof bad_orders / sizeof *bad_orders; i++) {
		struct question question = { .filter = bad_orders[i].filter,
			.order_by = bad_orders[i].order_by };
		struct lectern_error err = { 0 };
		char label[128];
		snprintf(label, sizeof label, "\"%s\" of \"%s\"", question.order_by,
			question.filter);
		check_refused(label, list_posts(client, &question, &err), &err, "ORDER_BY_INVALID",
			"order_by");
		check_refused(label, get_adjacent(client, &question, &err), &err,
			"ORDER_BY_INVALID", "order_by");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_filters_name_the_place),
		cmocka_unit_test(big_filters_are_refused),
		cmocka_unit_test(what_fits_is_answered),
		cmocka_unit_test(mutated_filters_are_answered_or_refused),
		cmocka_unit_test(bad_orders_are_refused),
		cmocka_unit_test(nothing_has_changed),
	};
	return cmocka_run_group_tests(tests, questions_set_up, questions_tear_down);
}
