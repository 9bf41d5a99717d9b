#include "services/check_fields.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static char *text(const char *given)
{
	return (char *)(uintptr_t)given;
}

/* One text of a post at a time. */
static void test_texts_of_a_post(void **state)
{
	enum which { TITLE, SLUG, LANGUAGE, COVER, CANONICAL };
	static const struct {
		enum which which;
		const char *value, *reason, *message; /* NULL: fine */
	} cases[] = {
		{ TITLE, "A title", NULL, NULL },
		{ TITLE, "tab\there", "CONTROL_CHARACTER",
			"post.title: must be one line without control characters; found 0x09" },
		{ TITLE, "\x7F", "CONTROL_CHARACTER", "found 0x7f" },
		{ TITLE, "\xE4\xB8\xAD\xE6\x96\x87 \xF0\x9F\x98\x80", NULL, NULL },
		{ SLUG, "", NULL, NULL },
		{ SLUG, "a-slug_1.x", NULL, NULL },
		{ SLUG, "Upper", "SLUG_INVALID", "post.slug: a slug is 1 to 200 bytes" },
		{ SLUG, "a b", "SLUG_INVALID", "for example \"a-b\"" },
		{ SLUG, "\xF0\x9F\x98\x80", "SLUG_INVALID", "for example \"my-post\"" },
		{ LANGUAGE, "", NULL, NULL },
		{ LANGUAGE, "en", NULL, NULL },
		{ LANGUAGE, "zh-Hant-TW", NULL, NULL },
		{ LANGUAGE, "de-CH-1901", NULL, NULL },
		{ LANGUAGE, "en_US", "LANGUAGE_INVALID", "BCP 47" },
		{ LANGUAGE, "-en", "LANGUAGE_INVALID", "BCP 47" },
		{ LANGUAGE, "en-", "LANGUAGE_INVALID", "BCP 47" },
		{ LANGUAGE, "en--us", "LANGUAGE_INVALID", "BCP 47" },
		{ LANGUAGE, "englishes", "LANGUAGE_INVALID", "BCP 47" },
		{ LANGUAGE, "\xC3\xA9n", "LANGUAGE_INVALID", "BCP 47" },
		{ COVER, "https://example.org/a.png?x=1#y", NULL, NULL },
		{ COVER, "HTTP://example.org", NULL, NULL },
		{ COVER, "//example.org/", "URL_INVALID",
			"post.cover_image_url: must begin with http:// or https://" },
		{ COVER, "javascript:alert(1)", "URL_INVALID", "must begin" },
		{ COVER, "data:image/png;base64,", "URL_INVALID", "must begin" },
		{ COVER, " https://example.org", "URL_INVALID", "must begin" },
		{ COVER, "https://example.org/a b", "URL_INVALID", "percent-encoded: 0x20" },
		{ CANONICAL, "https://example.org/\"><script>", "URL_INVALID",
			"percent-encoded: 0x22" },
		{ CANONICAL, "https://example.org/\n", "URL_INVALID", "percent-encoded: 0x0a" },
		{ CANONICAL, "https://example.org/\xE4\xB8\xAD", NULL, NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__Post post = LECTERN__V1__POST__INIT;
		char **fields[] = { &post.title, &post.slug, &post.language, &post.cover_image_url,
			&post.canonical_url };
		*fields[cases[i].which] = text(cases[i].value);
		print_message("%s\n", cases[i].value);
		enum code code = check_post(&post, false, &err);
		assert_int_equal(code, cases[i].reason == NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (cases[i].reason == NULL)
			continue;
		assert_string_equal(err.reason, cases[i].reason);
		assert_non_null(strstr(err.text, cases[i].message));
	}
}

static void test_blank_lines(void **state)
{
	static const char *const blank[] = { "", " ", "\xC2\xA0", "\xE3\x80\x80 ", "\xE2\x80\x8B",
		"\xC2\xAD\xEF\xBB\xBF" };
	for (size_t i = 0; i < sizeof blank / sizeof *blank; i++) {
		assert_int_equal(
			check_line(blank[i], true, "tag.name", &err), CODE_INVALID_ARGUMENT);
		assert_string_equal(err.text, "tag.name: must not be empty");
		assert_int_equal(check_line(blank[i], false, "tag.name", &err), CODE_OK);
	}
	assert_int_equal(check_line("\xEF\xB7\xBA", true, "tag.name", &err), CODE_OK);
}

static void test_attributes(void **state)
{
	static const struct {
		const char *first, *second, *reason, *message;
	} cases[] = {
		{ "a", "b", NULL, NULL },
		{ "Seo.Title-1_x", "seo.title-1_x", NULL, NULL },
		{ "a", "a", "KEY_REPEATED",
			"post.attributes[1].key: \"a\" stands in the list twice" },
		{ "a", "", "KEY_INVALID", "post.attributes[1].key: must be 1 to 64 bytes of" },
		{ "a b", "c", "KEY_INVALID", "post.attributes[0].key" },
		{ "a", "\xC3\xA9", "KEY_INVALID", "post.attributes[1].key" },
		{ "a/b", "c", "KEY_INVALID", "[A-Za-z0-9_.-]" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__Attribute attributes[2] = { LECTERN__V1__ATTRIBUTE__INIT,
			LECTERN__V1__ATTRIBUTE__INIT };
		Lectern__V1__Attribute *list[] = { &attributes[0], &attributes[1] };
		attributes[0].key = text(cases[i].first);
		attributes[1].key = text(cases[i].second);
		enum code code = check_attributes(list, 2, "post", &err);
		assert_int_equal(code, cases[i].reason == NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (cases[i].reason == NULL)
			continue;
		assert_string_equal(err.reason, cases[i].reason);
		assert_non_null(strstr(err.text, cases[i].message));
	}
}

static void test_references(void **state)
{
	static const struct {
		uint64_t id;
		const char *slug, *name;
		bool create_missing;
		const char *reason, *message;
	} cases[] = {
		{ 1, "", "", false, NULL, NULL },
		{ 0, "a", "", false, NULL, NULL },
		{ 0, "", "A", true, NULL, NULL },
		{ 0, "", "", true, "FIELD_REQUIRED", "post.tags[0]: give an id, a slug or a name" },
		{ 0, "", " \xE2\x80\x8B", true, "FIELD_REQUIRED", "post.tags[0]: give an id" },
		{ 0, "Not A Slug", "", true, "SLUG_INVALID", "post.tags[0].slug: a slug is" },
		{ 0, "Not A Slug", "", false, NULL, NULL }, /* is not found later */
		{ 0, "", "a\nb", true, "CONTROL_CHARACTER", "post.tags[0].name: must be one line" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__Post post = LECTERN__V1__POST__INIT;
		Lectern__V1__TermRef ref = LECTERN__V1__TERM_REF__INIT;
		Lectern__V1__TermRef *list[] = { &ref };
		ref.id = cases[i].id;
		ref.slug = text(cases[i].slug);
		ref.name = text(cases[i].name);
		post.tags = list;
		post.n_tags = 1;
		enum code code = check_post(&post, cases[i].create_missing, &err);
		assert_int_equal(code, cases[i].reason == NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (cases[i].reason == NULL)
			continue;
		assert_string_equal(err.reason, cases[i].reason);
		assert_non_null(strstr(err.text, cases[i].message));
	}
}

static void test_times_are_cut(void **state)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Google__Protobuf__Timestamp publish = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	publish.nanos = 999999999;
	expire.nanos = 999;
	post.publish_time = &publish;
	post.expire_time = &expire;
	assert_int_equal(check_post(&post, false, &err), CODE_OK);
	assert_int_equal(publish.nanos, 999999000);
	assert_int_equal(expire.nanos, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_of_a_post),
		cmocka_unit_test(test_blank_lines),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_times_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
