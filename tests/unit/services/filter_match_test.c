/* What filters mean: posts in a store against filters in many forms. */
#include "support/filter_posts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The fixed posts by their numbers. */
static void test_meanings(void **state)
{
	static const struct {
		const char *text, *found;
	} cases[] = {
		/* Without a state, published posts only. */
		{ "", "0123" },
		{ "featured", "03" },
		{ "featured = true", "03" },
		{ "featured = \"true\"", "03" },
		{ "featured = false", "12" },
		{ "featured != true", "12" },
		{ "featured != false", "03" },
		{ "NOT featured", "12" },
		{ "-featured=false", "03" },
		/* Terms. */
		{ "tags:t0", "03" },
		{ "tags:\"T0\"", "03" },
		{ "tags:t1", "01" }, /* a former slug */
		{ "tags:second", "01" },
		{ "tags:\"c++ \\\"2\\\" \\*\"", "01" },
		{ "tags:'C++ \"2\" \\*'", "01" },
		{ "tags:*", "013" },
		{ "tags:\"*\"", "013" },
		{ "NOT tags:*", "2" },
		{ "tags:nothing", "" },
		{ "NOT tags:nothing", "0123" },
		{ "tags:\"\"", "" },
		{ "tags:c0", "" }, /* of another kind */
		{ "tags:t0 AND tags:t1", "0" },
		{ "tags:t0 OR tags:t1", "013" },
		{ "tags:t0 AND -tags:t1", "3" },
		{ "categories:c0", "01" },
		{ "categories:c1", "01" },
		{ "categories:c2", "0" },
		{ "categories:c3", "2" },
		{ "categories:c4", "2" },
		{ "categories:c5", "" },
		{ "categories:*", "012" },
		{ "-categories:c0", "23" },
		{ "authors:a0", "01" },
		{ "authors:a1", "13" },
		{ "authors:a2", "" },
		{ "authors:*", "013" },
		{ "series:s0", "01" },
		{ "series:S1", "3" },
		{ "series:*", "013" },
		{ "NOT series:*", "2" },
		{ "series:none", "" },
		/* States. */
		{ "state = DRAFT", "4" },
		{ "state = SCHEDULED", "5" },
		{ "state = PUBLISHED", "0123" },
		{ "state = EXPIRED", "6" },
		{ "state = TRASHED", "7" },
		{ "state = POST_STATE_DRAFT", "4" },
		{ "state = \"DRAFT\"", "4" },
		{ "state != PUBLISHED", "4567" },
		{ "-state != PUBLISHED", "0123" },
		{ "tags:t0 AND state != PUBLISHED", "457" },
		{ "tags:t0 AND (state = DRAFT OR state = PUBLISHED)", "034" },
		{ "tags:t0 AND state = DRAFT OR state = PUBLISHED", "034" },
		/* A state anywhere makes it about all posts. */
		{ "featured OR state = TRASHED", "0347" },
		/* Texts. */
		{ "slug = intro", "0" },
		{ "slug = INTRO", "" },
		{ "slug != intro", "123" },
		{ "slug = intro*", "01" },
		{ "slug = \"intro-*\"", "1" },
		{ "slug = \"intro\\*\"", "" },
		{ "slug != intro*", "23" },
		{ "title = \"introduction to pages\"", "0" },
		{ "title = 'INTRODUCTION   TO PAGES '", "0" },
		{ "title = introduction*", "01" },
		{ "title = \"introduction to *\"", "01" },
		{ "title = \"introduction t*\"", "01" },
		{ "title = \"introduction top*\"", "" },
		{ "title = \"introduction to pages *\"", "" },
		{ "title = \"STRASSE\\*\"", "2" },
		{ "title = strasse", "" },
		{ "title = \"stra\xC3\x9F*\"", "2" },
		{ "title = full", "3" },
		{ "title != full", "012" },
		{ "title = \"\"", "" },
		{ "language = en", "0" },
		{ "language = EN", "0" },
		{ "language = en*", "01" },
		{ "language = \"en-*\"", "1" },
		{ "language = en-us", "1" },
		{ "language = de", "2" },
		{ "language = \"\"", "3" },
		{ "language != en*", "23" },
		{ "language = en* AND state != PUBLISHED", "47" },
		/* Times. */
		{ "publish_time = 2024-01-02", "1" },
		{ "publish_time = \"2024-01-02T00:00:00Z\"", "1" },
		{ "publish_time = 2024-01-02T01:30:00+01:30", "1" },
		{ "publish_time = 2024-01-01T22:30:00-01:30", "1" },
		{ "publish_time = 2024-01-04T00:00:00.000001Z", "3" },
		{ "publish_time != 2024-01-02", "023" },
		{ "publish_time < 2024-01-02", "0" },
		{ "publish_time <= 2024-01-02", "01" },
		{ "publish_time > 2024-01-02", "23" },
		{ "publish_time >= 2024-01-02", "123" },
		{ "publish_time > 2024-01-04", "3" },
		{ "publish_time:*", "0123" },
		{ "publish_time:* AND state != PUBLISHED", "56" },
		{ "NOT publish_time:* AND state != PUBLISHED", "47" },
		/* What a post does not have is not smaller, larger or equal, but unequal. */
		{ "expire_time:*", "1" },
		{ "expire_time < 2200-01-01", "1" },
		{ "expire_time >= 2000-01-01", "1" },
		{ "expire_time != 2100-01-01", "023" },
		{ "expire_time = 2100-01-01", "1" },
		{ "NOT expire_time > 2000-01-01", "023" },
		{ "expire_time < 2022-01-01 AND state = EXPIRED", "6" },
		{ "create_time > 2024-01-01", "0123" },
		{ "create_time < 2024-01-01", "" },
		{ "create_time:*", "0123" },
		{ "update_time >= create_time", NULL },
		{ "update_time > 9999-12-31T23:59:59Z", "" },
		{ "update_time > 0001-01-01", "0123" },
		{ "delete_time:*", "" },
		{ "delete_time:* AND state = TRASHED", "7" },
		{ "delete_time > 2024-01-01 AND state:*", NULL },
		/* OR binds tighter. */
		{ "tags:t0 OR tags:t1 AND featured", "03" },
		{ "featured AND tags:t0 OR tags:t1", "03" },
		{ "(featured AND tags:t0) OR tags:t1", "013" },
		{ "NOT featured AND tags:t1", "1" },
		{ "NOT (featured AND tags:t1)", "123" },
		{ "NOT (featured OR tags:t1)", "2" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char found[FIXED + 1] = "";
		struct filter filter;
		struct error err = { .text = "" };
		enum code code = filter_compile(txn, &arena, cases[i].text, &filter, &err);
		if (cases[i].found == NULL) {
			assert_int_equal(code, CODE_INVALID_ARGUMENT);
			continue;
		}
		if (code != CODE_OK)
			print_error("%s: %s\n", cases[i].text, err.text);
		assert_int_equal(code, CODE_OK);
		for (int p = 0; p < FIXED; p++)
			if (matches(&filter, posts[p]->id))
				found[strlen(found)] = (char)('0' + p);
		if (strcmp(found, cases[i].found) != 0)
			print_error("%s\n", cases[i].text);
		assert_string_equal(found, cases[i].found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meanings),
	};
	return cmocka_run_group_tests(tests, filter_posts_set_up, filter_posts_tear_down);
}
