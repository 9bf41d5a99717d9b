#include "services/mask.h"

#include <lectern/v1/post.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BIT(field_number) (UINT64_C(1) << (field_number))

static const uint64_t SETTABLE = BIT(2) | BIT(3) | BIT(5) | BIT(6) | BIT(13) | BIT(18) | BIT(33);

static char *text(const char *given)
{
	return (char *)(uintptr_t)given;
}

/* Without a mask, or with one without paths: the settable fields that have a value. */
static void test_no_mask(void **state)
{
	Google__Protobuf__FieldMask empty = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	const Google__Protobuf__FieldMask *masks[] = { NULL, &empty };
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Lectern__V1__TermRef ref = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *refs[] = { &ref };
	for (size_t i = 0; i < 2; i++) {
		Lectern__V1__Post post = LECTERN__V1__POST__INIT;
		uint64_t fields = 99;
		struct error err;
		assert_int_equal(
			mask_resolve(masks[i], &post.base, SETTABLE, &fields, &err), CODE_OK);
		assert_int_equal(fields, 0);
		post.id = 1;	   /* not settable */
		post.revision = 9; /* nor that */
		post.title = text("T");
		post.state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		post.publish_time = &time; /* 1970, but set */
		post.tags = refs;
		post.n_tags = 1;
		post.featured = 1;
		assert_int_equal(
			mask_resolve(masks[i], &post.base, SETTABLE, &fields, &err), CODE_OK);
		assert_int_equal(fields, BIT(3) | BIT(5) | BIT(6) | BIT(13) | BIT(18));
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char *first, *second;
		uint64_t fields;
		const char *reason, *message; /* NULL: fine */
	} cases[] = {
		{ "*", NULL, SETTABLE, NULL, NULL },
		{ "title", NULL, BIT(3), NULL, NULL },
		{ "title", "body", BIT(3) | BIT(33), NULL, NULL },
		{ "title", "title", BIT(3), NULL, NULL },
		{ "*", "title", 0, "MASK_INVALID", "update_mask.paths[0]: \"*\" must stand alone" },
		{ "title", "*", 0, "MASK_INVALID", "update_mask.paths[1]: \"*\" must stand alone" },
		{ "title", "Title", 0, "MASK_UNKNOWN_FIELD",
			"update_mask.paths[1]: \"Title\" is no field of lectern.v1.Post" },
		{ "", NULL, 0, "MASK_UNKNOWN_FIELD", "\"\" is no field" },
		{ "**", NULL, 0, "MASK_UNKNOWN_FIELD", "is no field" },
		{ "publishTime", NULL, 0, "MASK_UNKNOWN_FIELD", "is no field" },
		{ "tags.slug", NULL, 0, "MASK_UNKNOWN_FIELD", "is no field" },
		{ "title ", NULL, 0, "MASK_UNKNOWN_FIELD", "is no field" },
		{ "id", NULL, 0, "MASK_OUTPUT_ONLY", "\"id\" is set by the server alone" },
		{ "outline", NULL, 0, "MASK_OUTPUT_ONLY", "set by the server alone" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__Post post = LECTERN__V1__POST__INIT;
		Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
		char *paths[] = { text(cases[i].first), text(cases[i].second) };
		struct error err;
		uint64_t fields = 99;
		mask.paths = paths;
		mask.n_paths = cases[i].second == NULL ? 1 : 2;
		enum code code = mask_resolve(&mask, &post.base, SETTABLE, &fields, &err);
		if (cases[i].reason == NULL) {
			assert_int_equal(code, CODE_OK);
			assert_int_equal(fields, cases[i].fields);
			continue;
		}
		assert_int_equal(code, CODE_INVALID_ARGUMENT);
		assert_int_equal(fields, 99);
		assert_string_equal(err.reason, cases[i].reason);
		assert_non_null(strstr(err.text, cases[i].message));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_mask),
		cmocka_unit_test(test_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
