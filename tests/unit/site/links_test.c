#include "site/links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <times.h>

#include <cmocka.h>
#undef fail

#define BASE_FORM "is no address of a web site; write for example https://example.org/blog"

static const struct {
	const char *url;
	const char *text; /* of the error after the URL; NULL for a good one */
} bases[] = {
	{ "https://example.org", NULL },
	{ "http://127.0.0.1:8080/blog", NULL },
	{ "https://[::1]:8080", NULL },
	{ "https://xn--bcher-kva.example/a/b", NULL },
	{ "", BASE_FORM },
	{ "example.org", BASE_FORM },
	{ "ftp://example.org", BASE_FORM },
	{ "https://", "names no host" },
	{ "https:///path", "names no host" },
	{ "https://example.org/", "ends with a slash; leave it out" },
	{ "https://example.org/?a=b", "has a character" },
	{ "https://example.org/#a", "has a character" },
	{ "https://user@example.org", "has a character" },
	{ "https://example.org/a b", "has a character" },
	{ "https://example.org/\"", "has a character" },
	{ "https://example.org/\xC3\xA4", "has a character" },
};

static void checks_base_urls(void **state)
{
	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		struct error err = { .text = "" };
		enum code code = site_check_base_url(bases[i].url, &err);
		print_message("%s: %s\n", bases[i].url, err.text);
		assert_int_equal(code, bases[i].text == NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (bases[i].text != NULL)
			assert_non_null(strstr(err.text, bases[i].text));
	}
}

static const struct {
	const char *path;
	bool post, term;
} paths[] = {
	{ "/{slug}", true, true },
	{ "/p/{id}.html", true, true },
	{ "/{year}/{month}/{day}/{slug}/", true, false },
	{ "/{kind}/{slug}", false, true },
	{ "/?p={id}", true, true },
	{ "/{year}", false, false },
	{ "/{kind}", false, false },
	{ "{slug}", false, false },
	{ "/", false, false },
	{ "", false, false },
	{ "/{slug", false, false },
	{ "/slug}", false, false },
	{ "/{Slug}", false, false },
	{ "/{}", false, false },
	{ "/{slug}#a", false, false },
	{ "/{slug} ", false, false },
};

static void checks_paths(void **state)
{
	struct error err;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		print_message("%s\n", paths[i].path);
		assert_int_equal(
			site_check_post_path(paths[i].path, &err) == CODE_OK, paths[i].post);
		assert_int_equal(
			site_check_term_path(paths[i].path, &err) == CODE_OK, paths[i].term);
	}
}

static void fills_templates(void **state)
{
	const struct site_links links = {
		.base_url = "https://example.org/blog",
		.post_path = "/{year}/{month}/{day}/{id}-{slug}.html",
		.term_path = "/{kind}/{slug}?{id}",
	};
	static char slug[] = "\xE4\xB8\xAD-a_b~c";
	static char canonical[] = "https://elsewhere.example/?a=1&b=2";
	Google__Protobuf__Timestamp time;
	timestamp_from_us(&time, INT64_C(1704164645000000)); /* 2024-01-02T03:04:05Z */
	Lectern__V1__Post post;
	lectern__v1__post__init(&post);
	post.slug = slug;
	post.id = 17;
	post.publish_time = &time;
	struct buffer out;
	buffer_init(&out, 4096);
	site_put_post_url(&links, &post, &out);
	assert_string_equal(
		buffer_text(&out), "https://example.org/blog/2024/01/02/17-%E4%B8%AD-a_b~c.html");
	buffer_clear(&out);
	site_put_term_url(&links, SITE_CATEGORY, 5, "a&b", &out);
	assert_string_equal(buffer_text(&out), "https://example.org/blog/category/a%26b?5");
	post.canonical_url = canonical;
	buffer_clear(&out);
	site_put_post_url(&links, &post, &out);
	assert_string_equal(buffer_text(&out), canonical);
	buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_base_urls),
		cmocka_unit_test(checks_paths),
		cmocka_unit_test(fills_templates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
