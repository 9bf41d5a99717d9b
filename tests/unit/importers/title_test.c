#include "importers/title.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
	const char *title, *name;
	uint32_t part; /* 0: no part */
} cases[] = {
	{ "Title (Part 2)", "Title", 2 },
	{ "Here’s Proof (Part 12)", "Here’s Proof", 12 },
	{ "Title [part 3]", "Title", 3 },
	{ "Title (PART 1)", "Title", 1 },
	{ "Title, Part 4", "Title", 4 },
	{ "Title: Part 5", "Title", 5 },
	{ "Title - Part 6", "Title", 6 },
	{ "Title – Part 7", "Title", 7 },
	{ "Title—Part 8", "Title", 8 },
	{ "Title(Part 9)", "Title", 9 },
	{ "Title", "", 0 },
	{ "", "", 0 },
	{ "(Part 2)", "", 0 },
	{ "Part 2", "", 0 },
	{ "The Best Part 2", "", 0 },
	{ "Title (Part 0)", "", 0 },
	{ "Title (Part 12345)", "", 0 },
	{ "Title (Part two)", "", 0 },
	{ "Title (Part 2", "", 0 },
	{ "Title [Part 2)", "", 0 },
	{ "Title Part 2)", "", 0 },
	{ "Title (Part2)", "", 0 },
	{ "Title (Part 2) again", "", 0 },
	{ "Title (Chapter 2)", "", 0 },
};

static void test_titles(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slice name = slice_of_text("");
		uint32_t part = 0;
		bool found = title_is_part(slice_of_text(cases[i].title), &name, &part);
		if (found != (cases[i].part > 0) || part * found != cases[i].part ||
			(found && !slice_equals(name, slice_of_text(cases[i].name))))
			fail_msg("%s: %d %.*s %u", cases[i].title, found, (int)name.size,
				(const char *)name.data, part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_titles) };
	return cmocka_run_group_tests_name("title", tests, NULL, NULL);
}
