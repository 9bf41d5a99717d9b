/* Feeds and sitemaps of a store with posts, as a reader of the site gets them. */
#include "http/site_pages.h"

#include "base/clock.h"
#include "support/json_call.h"
#include "support/own_server.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct site_pages pages;
static struct arena arena;
static struct http_reply reply;
static struct error err;
static enum code code;

static int set_up_site(void **state)
{
	pages = (struct site_pages){
		.links = { .base_url = "https://example.org",
			.post_path = "/{slug}",
			.term_path = "/{kind}/{slug}" },
		.title = "Example",
		.sitemap_posts_max = SITE_SITEMAP_POSTS_MAX,
	};
	arena_init(&arena, LIMIT_ARENA_BYTES);
	return set_up(state);
}

static int tear_down_site(void **state)
{
	buffer_done(&reply.body);
	arena_done(&arena);
	return tear_down(state);
}

/* Routes and handles as the server does; returns the body. */
static const char *get_as(const char *path, const char *host)
{
	struct http_route routes[SITE_ROUTES];
	struct http_request request = { .method = HTTP_GET,
		.peer = "test",
		.arrival_ns = clock_monotonic_ns(),
		.rpc = server.rpc,
		.arena = &arena };
	const char *mark = strchr(path, '?');
	request.path = slice_of(path, mark == NULL ? strlen(path) : (size_t)(mark - path));
	request.query = slice_of_text(mark == NULL ? NULL : mark + 1);
	if (host != NULL)
		request.headers[request.header_count++] =
			(struct http_header){ slice_of_text("Host"), slice_of_text(host) };
	buffer_done(&reply.body);
	reply = (struct http_reply){ .status = 200 };
	buffer_init(&reply.body, HTTP_BODY_BYTES_MAX);
	err.text[0] = '\0';
	code = CODE_NOT_FOUND;
	site_routes(&pages, routes);
	for (size_t i = 0; i < SITE_ROUTES; i++) {
		struct slice prefix = slice_of_text(routes[i].prefix);
		struct slice suffix = slice_of_text(routes[i].suffix);
		if (routes[i].exact ? !slice_equals(prefix, request.path)
				    : request.path.size < prefix.size + suffix.size ||
					      memcmp(request.path.data, prefix.data, prefix.size) ||
					      memcmp(request.path.data + request.path.size -
							      suffix.size,
						      suffix.data, suffix.size))
			continue;
		code = routes[i].handle(routes[i].context, &request, &reply, &err);
		break;
	}
	return code == CODE_OK && reply.body.size > 0 ? buffer_text(&reply.body) : "";
}

static const char *get(const char *path)
{
	return get_as(path, NULL);
}

static int count(const char *text, const char *part)
{
	int found = 0;
	for (; (text = strstr(text, part)) != NULL; text++)
		found++;
	return found;
}

static void add_post(int number, const char *tag, const char *category)
{
	char slug[32], body[64];
	snprintf(slug, sizeof slug, "post-%d", number);
	snprintf(body, sizeof body, "Text *%d*.", number);
	(void)new_post(&server,
		&(struct sketch){ .slug = slug,
			.title = slug,
			.body = body,
			.tags = { tag },
			.categories = { category },
			.state = PUBLISHED,
			.publish_time_us = START_US + number * DAY_US },
		&answer);
}

static void feeds_have_the_newest_posts(void **state)
{
	for (int i = 0; i < 5; i++)
		add_post(i, i % 2 == 0 ? "Even Ones" : NULL, "News");
	(void)new_post(&server, &(struct sketch){ .slug = "draft", .title = "Draft" }, &answer);
	const char *feed = get("/feeds/all.atom");
	assert_int_equal(code, CODE_OK);
	assert_string_equal(reply.content_type, "application/atom+xml; charset=utf-8");
	assert_true(reply.cacheable);
	assert_true(reply.revision > 0);
	assert_int_equal(count(feed, "<entry"), 5);
	assert_null(strstr(feed, "Draft"));
	assert_true(strstr(feed, "post-4") < strstr(feed, "post-3"));
	assert_non_null(strstr(feed, "<id>https://example.org/feeds/all.atom</id>"));
	assert_non_null(strstr(feed, "<title>Example</title>"));
	assert_non_null(strstr(feed, "&lt;p&gt;Text &lt;em&gt;4&lt;/em&gt;.&lt;/p&gt;"));
	assert_int_equal(count(feed, "rel=\"next\""), 0);

	feed = get("/feeds/tag/even-ones.atom");
	assert_int_equal(count(feed, "<entry"), 3);
	assert_non_null(strstr(feed, "<title>Example: Even Ones</title>"));
	assert_non_null(strstr(feed, "href=\"https://example.org/tag/even-ones\""));
	feed = get("/feeds/category/news.atom?content=excerpt");
	assert_int_equal(count(feed, "<entry"), 5);
	assert_int_equal(count(feed, "<content"), 0);
	assert_non_null(strstr(feed, "feeds/category/news.atom?content=excerpt\""));
	assert_non_null(strstr(feed, "<id>https://example.org/feeds/category/news.atom</id>"));
}

static void feeds_have_pages(void **state)
{
	for (int i = 0; i < 5; i++)
		add_post(i, "a", NULL);
	const char *paths[] = { "/feeds/all.atom", "/feeds/tag/a.atom" };
	for (size_t i = 0; i < 2; i++) {
		char path[512];
		int entries = 0, page_count = 0;
		snprintf(path, sizeof path, "%s?page_size=2", paths[i]);
		for (;;) {
			const char *feed = get(path);
			assert_int_equal(code, CODE_OK);
			entries += count(feed, "<entry");
			assert_int_equal(count(feed, "rel=\"first\""), page_count++ > 0);
			const char *next = strstr(feed, "rel=\"next\"");
			if (next == NULL)
				break;
			next = strstr(next, "https://example.org") + strlen("https://example.org");
			snprintf(path, sizeof path, "%.*s", (int)strcspn(next, "\""), next);
			char *amp = strstr(path, "&amp;");
			assert_non_null(amp);
			memmove(amp + 1, amp + 5, strlen(amp + 5) + 1);
		}
		assert_int_equal(entries, 5);
		assert_int_equal(page_count, 3);
	}
}

static void refuses(const char *path, enum code want, const char *reason)
{
	(void)get(path);
	print_message("%s: %s\n", path, err.text);
	assert_int_equal(code, want);
	assert_string_equal(err.reason, reason);
}

static void refuses_what_there_is_not(void **state)
{
	refuses("/feeds/tag/none.atom", CODE_NOT_FOUND, "TERM_NOT_FOUND");
	refuses("/feeds/tag/.atom", CODE_NOT_FOUND, "PAGE_NOT_FOUND");
	refuses("/feeds/series/a.atom", CODE_NOT_FOUND, "PAGE_NOT_FOUND");
	refuses("/feeds/tag/%FF.atom", CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST");
	refuses("/feeds/all.atom?page_size=0", CODE_INVALID_ARGUMENT, "PAGE_SIZE_INVALID");
	refuses("/feeds/all.atom?page_size=x", CODE_INVALID_ARGUMENT, "PAGE_SIZE_INVALID");
	refuses("/feeds/all.atom?content=all", CODE_INVALID_ARGUMENT, "CONTENT_INVALID");
	refuses("/feeds/all.atom?page_token=x", CODE_INVALID_ARGUMENT, "PAGE_TOKEN_MALFORMED");
	refuses("/sitemap/2024-13.xml", CODE_NOT_FOUND, "PAGE_NOT_FOUND");
	refuses("/sitemap/2024-02-30.xml", CODE_NOT_FOUND, "PAGE_NOT_FOUND");
	refuses("/sitemap/.xml", CODE_NOT_FOUND, "PAGE_NOT_FOUND");
	pages.links.base_url = NULL;
	refuses("/feeds/all.atom", CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST");
	assert_string_equal(get_as("/feeds/all.atom", "a\"b"), "");
	assert_int_equal(code, CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(get_as("/feeds/all.atom", "127.0.0.1:80"),
		"<id>http://127.0.0.1:80/feeds/all.atom</id>"));
}

static void leads_former_slugs_on(void **state)
{
	add_post(1, "Old Name", NULL);
	const Lectern__V1__GetTagResponse *found =
		call_json_ok(&server, &answer, "TagService/GetTag", "{'slug':'old-name'}");
	uint64_t id = found->tag->id;
	(void)call_json_ok(&server, &answer, "TagService/UpdateTag",
		"{'tag':{'id':'%" PRIu64 "','slug':'new-name'},'updateMask':'slug'}", id);
	(void)get("/feeds/tag/old-name.atom");
	assert_int_equal(code, CODE_OK);
	assert_int_equal(reply.status, 301);
	assert_int_equal(reply.field_count, 1);
	assert_string_equal(reply.fields[0].name, "Location");
	assert_string_equal(reply.fields[0].value, "https://example.org/feeds/tag/new-name.atom");
}

static void sitemaps_have_everything(void **state)
{
	const char *map = get("/sitemap.xml");
	assert_int_equal(count(map, "<loc>"), 1);
	for (int i = 0; i < 3; i++)
		add_post(i, "a", "News");
	(void)new_post(&server, &(struct sketch){ .slug = "draft", .title = "D", .tags = { "b" } },
		&answer);
	map = get("/sitemap.xml");
	assert_int_equal(code, CODE_OK);
	assert_string_equal(reply.content_type, "application/xml; charset=utf-8");
	assert_int_equal(count(map, "<loc>"), 6); /* home, posts, a tag, a category */
	assert_non_null(strstr(map, "<loc>https://example.org/post-2</loc><lastmod>"));
	assert_non_null(strstr(map, "<loc>https://example.org/tag/a</loc>"));
	assert_non_null(strstr(map, "<loc>https://example.org/category/news</loc>"));
	map = get("/sitemap/terms.xml");
	assert_int_equal(count(map, "<loc>"), 3);
}

static void large_sites_have_an_index(void **state)
{
	for (int i = 29; i < 33; i++)
		add_post(i, NULL, NULL); /* January 30 to February 2 */
	pages.sitemap_posts_max = 3;
	const char *map = get("/sitemap.xml");
	assert_int_equal(count(map, "<sitemap>"), 3);
	assert_non_null(strstr(map, "<loc>https://example.org/sitemap/2024-01.xml</loc>"));
	map = get("/sitemap/2024-01.xml");
	assert_int_equal(count(map, "<loc>"), 2);
	map = get("/sitemap/2024-02-01.xml");
	assert_int_equal(count(map, "<loc>"), 1);
	assert_non_null(strstr(map, "post-31"));
	map = get("/sitemap/2023-12.xml");
	assert_int_equal(code, CODE_OK);
	assert_int_equal(count(map, "<loc>"), 0);
}

#define SITE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_site, tear_down_site)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(feeds_have_the_newest_posts),
		SITE_TEST(feeds_have_pages),
		SITE_TEST(refuses_what_there_is_not),
		SITE_TEST(leads_former_slugs_on),
		SITE_TEST(sitemaps_have_everything),
		SITE_TEST(large_sites_have_an_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
