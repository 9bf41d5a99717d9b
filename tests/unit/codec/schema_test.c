/* Finding services, methods, messages and enums by name. */
#include "codec/nearest.h"
#include "codec/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
/* After the headers that it wants. */
#include <cmocka.h>

static const struct {
	const char *label, *name, *path, *text;
} methods[] = {
	{ "short", "PostService/GetPost", "lectern.v1.PostService/GetPost", "" },
	{ "full", "lectern.v1.PostService/GetPost", "lectern.v1.PostService/GetPost", "" },
	{ "slash", "/lectern.v1.TagService/ListTags", "lectern.v1.TagService/ListTags", "" },
	{ "misspelt method", "PostService/GetPots", NULL,
		"lectern.v1.PostService has no method \"GetPots\"; did you mean \"GetPost\"?" },
	{ "strange method", "PostService/Xyz", NULL,
		"lectern.v1.PostService has no method \"Xyz\"" },
	{ "misspelt service", "PostsService/GetPost", NULL,
		"there is no service \"PostsService\"; did you mean \"PostService\"?" },
	{ "strange service", "Q/GetPost", NULL, "there is no service \"Q\"" },
	{ "no method", "PostService", NULL,
		"\"PostService\" must name a method as SERVICE/METHOD, for example "
		"PostService/GetPost" },
	{ "empty", "", NULL,
		"\"\" must name a method as SERVICE/METHOD, for example PostService/GetPost" },
};

static void test_methods(void **state)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		struct schema_method found = { .path = "" };
		struct error err = { .text = "" };
		enum code code = schema_find_method(methods[i].name, &found, &err);
		if (strcmp(err.text, methods[i].text) != 0)
			fail_msg("%s: %s", methods[i].label, err.text);
		assert_int_equal(code, methods[i].path != NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (methods[i].path != NULL)
			assert_string_equal(found.path, methods[i].path);
	}
}

static void test_messages_and_enums(void **state)
{
	assert_string_equal(schema_find_message("Post")->name, "lectern.v1.Post");
	assert_string_equal(schema_find_message("lectern.v1.Post")->name, "lectern.v1.Post");
	assert_string_equal(schema_find_message("/Heading")->name, "lectern.v1.Heading");
	assert_string_equal(schema_find_message("ErrorInfo")->name, "lectern.rpc.v1.ErrorInfo");
	assert_string_equal(
		schema_find_message("google.protobuf.Any")->name, "google.protobuf.Any");
	assert_null(schema_find_message("PostStat"));
	assert_string_equal(schema_find_enum("PostState")->name, "lectern.v1.PostState");
	assert_string_equal(schema_find_enum("lectern.v1.TermOrder")->name, "lectern.v1.TermOrder");
	assert_null(schema_find_enum("Post"));
	assert_string_equal(schema_find_service("HealthService")->name, "lectern.v1.HealthService");
	assert_null(schema_find_service("Health"));
}

static void test_nearest(void **state)
{
	static const struct {
		const char *wanted, *best;
	} cases[] = {
		{ "psot", "post" },
		{ "POST", "post" },
		{ "categry", "category" },
		{ "cat", "category" },
		{ "x", NULL },
		{ "completely-else", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct nearest nearest = nearest_to(cases[i].wanted);
		nearest_offer(&nearest, "post");
		nearest_offer(&nearest, "category");
		nearest_offer(&nearest, "tag");
		const char *best = nearest_best(&nearest);
		if (cases[i].best == NULL)
			assert_null(best);
		else
			assert_string_equal(best, cases[i].best);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_messages_and_enums),
		cmocka_unit_test(test_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
