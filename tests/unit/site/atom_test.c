#include "site/atom.h"

#include "site/sitemap.h"

#include <expat.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <times.h>

#include <cmocka.h>

static const struct site_links links = {
	.base_url = "https://example.org",
	.post_path = "/{slug}",
	.term_path = "/{kind}/{slug}",
};

/* What a parser finds: how many elements of some names, and the text of the last <content>. */
static struct found {
	int entries, ids, contents, locations;
	bool in_content;
	struct buffer content;
} found;

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
	found.entries += strcmp(name, "entry") == 0;
	found.ids += strcmp(name, "id") == 0;
	found.locations += strcmp(name, "loc") == 0;
	found.in_content = strcmp(name, "content") == 0;
	found.contents += found.in_content;
	if (found.in_content)
		buffer_clear(&found.content);
}

static void on_end(void *user, const XML_Char *name)
{
	found.in_content = false;
}

static void on_text(void *user, const XML_Char *text, int size)
{
	if (found.in_content)
		buffer_append(&found.content, text, (size_t)size);
}

static void parse(const struct buffer *document)
{
	assert_false(document->overflow);
	found = (struct found){ .entries = 0 };
	buffer_init(&found.content, 1 << 20);
	XML_Parser parser = XML_ParserCreate("UTF-8");
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	enum XML_Status status =
		XML_Parse(parser, (const char *)document->data, (int)document->size, 1);
	if (status != XML_STATUS_OK)
		print_message("%s\n", XML_ErrorString(XML_GetErrorCode(parser)));
	assert_int_equal(status, XML_STATUS_OK);
	XML_ParserFree(parser);
}

static struct atom_feed make_feed(Lectern__V1__Post *const *posts, size_t count)
{
	return (struct atom_feed){
		.links = &links,
		.title = "Tom & Jerry's <blog>",
		.subtitle = "",
		.self_url = "https://example.org/feeds/all.atom?page_token=a&b",
		.id_url = "https://example.org/feeds/all.atom",
		.alternate_url = "https://example.org/",
		.author = "Example",
		.posts = posts,
		.post_count = count,
		.full = true,
	};
}

static void writes_an_empty_feed(void **state)
{
	struct atom_feed feed = make_feed(NULL, 0);
	struct buffer out;
	buffer_init(&out, 1 << 20);
	atom_put(&feed, &out);
	assert_string_equal(buffer_text(&out),
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<feed xmlns=\"http://www.w3.org/2005/Atom\">\n"
		"<id>https://example.org/feeds/all.atom</id>\n"
		"<title>Tom &amp; Jerry's &lt;blog&gt;</title>\n"
		"<updated>1970-01-01T00:00:00Z</updated>\n"
		"<link rel=\"self\" type=\"application/atom+xml\" "
		"href=\"https://example.org/feeds/all.atom?page_token=a&amp;b\"/>\n"
		"<link rel=\"alternate\" type=\"text/html\" href=\"https://example.org/\"/>\n"
		"<author><name>Example</name>\n</author>\n"
		"<generator>Lectern</generator>\n"
		"</feed>\n");
	parse(&out);
	buffer_done(&found.content);
	buffer_done(&out);
}

static void writes_entries(void **state)
{
	static char slug[] = "first", title[] = "A < B", excerpt[] = "short", language[] = "de",
		    html[] = "<p>x &amp; y</p>\n", name[] = "Ann \"A\" O'Neil", term[] = "c-plus";
	Google__Protobuf__Timestamp publish, update;
	timestamp_from_us(&publish, INT64_C(1704164645000000));
	timestamp_from_us(&update, INT64_C(1704164646500000));
	Lectern__V1__TermRef ref;
	lectern__v1__term_ref__init(&ref);
	ref.slug = term;
	ref.name = name;
	Lectern__V1__TermRef *refs[] = { &ref };
	Lectern__V1__Post post;
	lectern__v1__post__init(&post);
	post.id = 1;
	post.slug = slug;
	post.title = title;
	post.excerpt = excerpt;
	post.language = language;
	post.html = html;
	post.publish_time = &publish;
	post.update_time = &update;
	post.authors = post.tags = refs;
	post.n_authors = post.n_tags = 1;
	Lectern__V1__Post *posts[] = { &post };
	struct atom_feed feed = make_feed(posts, 1);
	struct buffer out;
	buffer_init(&out, 1 << 20);
	atom_put(&feed, &out);
	const char *entry = strstr(buffer_text(&out), "<entry");
	assert_non_null(entry);
	const char *rest = strstr(entry, "</id>\n");
	assert_int_equal(strncmp(entry, "<entry xml:lang=\"de\">\n<id>urn:uuid:", 35), 0);
	assert_string_equal(rest,
		"</id>\n"
		"<link rel=\"alternate\" type=\"text/html\" href=\"https://example.org/first\"/>\n"
		"<published>2024-01-02T03:04:05Z</published>\n"
		"<updated>2024-01-02T03:04:06.500Z</updated>\n"
		"<author><name>Ann \"A\" O'Neil</name>\n"
		"<uri>https://example.org/author/c-plus</uri>\n</author>\n"
		"<category term=\"c-plus\" label=\"Ann &quot;A&quot; O'Neil\"/>\n"
		"<title>A &lt; B</title>\n"
		"<summary>short</summary>\n"
		"<content type=\"html\" xml:lang=\"de\">&lt;p&gt;x &amp;amp; y&lt;/p&gt;\n"
		"</content>\n"
		"</entry>\n</feed>\n");
	assert_non_null(strstr(buffer_text(&out), "<updated>2024-01-02T03:04:06.500Z</updated>\n"
						  "<link rel=\"self\""));
	buffer_done(&out);
}

/* The id stays when the post is renamed; no two posts and no two sites have the same. */
static void keeps_ids(void **state)
{
	static char first[] = "first", second[] = "second";
	Lectern__V1__Post post;
	lectern__v1__post__init(&post);
	Lectern__V1__Post *posts[] = { &post };
	struct site_links other = links;
	other.base_url = "https://example.com";
	char ids[4][64];
	for (int i = 0; i < 4; i++) {
		post.id = i == 2 ? 2 : 1;
		post.slug = i == 1 ? second : first;
		struct atom_feed feed = make_feed(posts, 1);
		if (i == 3)
			feed.links = &other;
		struct buffer out;
		buffer_init(&out, 1 << 20);
		atom_put(&feed, &out);
		const char *id = strstr(buffer_text(&out), "urn:uuid:");
		assert_non_null(id);
		snprintf(ids[i], sizeof ids[i], "%.45s", id);
		assert_int_equal(ids[i][23], '8');
		buffer_done(&out);
	}
	assert_string_equal(ids[0], ids[1]);
	assert_string_not_equal(ids[0], ids[2]);
	assert_string_not_equal(ids[0], ids[3]);
}

/* Whatever stands in a post, the feed is XML and gives its html back, but for what XML lacks. */
static void carries_any_text(void **state)
{
	static char wild[] =
		"\x01<![CDATA[ ]]> &#0; \xEF\xBF\xBF </entry> \" ' \x7F \xF0\x9F\x98\x80";
	static char kept[] = "<![CDATA[ ]]> &#0;  </entry> \" ' \x7F \xF0\x9F\x98\x80";
	Lectern__V1__TermRef ref;
	lectern__v1__term_ref__init(&ref);
	ref.slug = ref.name = wild;
	Lectern__V1__TermRef *refs[] = { &ref };
	Lectern__V1__Post post;
	lectern__v1__post__init(&post);
	post.title = post.slug = post.excerpt = post.html = post.language = wild;
	post.authors = post.tags = post.categories = refs;
	post.n_authors = post.n_tags = post.n_categories = 1;
	Lectern__V1__Post *posts[] = { &post, &post };
	struct atom_feed feed = make_feed(posts, 2);
	feed.title = feed.subtitle = feed.author = feed.self_url = feed.next_url = wild;
	struct buffer out;
	buffer_init(&out, 1 << 20);
	atom_put(&feed, &out);
	parse(&out);
	assert_int_equal(found.entries, 2);
	assert_int_equal(found.ids, 3);
	assert_string_equal(buffer_text(&found.content), kept);
	buffer_done(&found.content);

	buffer_clear(&out);
	sitemap_begin(&out);
	sitemap_put_home(&links, &out);
	sitemap_put_post(&links, &post, &out);
	post.canonical_url = wild; /* of another site */
	sitemap_put_post(&links, &post, &out);
	sitemap_put_term(&links, SITE_TAG, 1, wild, &out);
	sitemap_end(&out);
	parse(&out);
	assert_int_equal(found.locations, 3);
	buffer_done(&found.content);
	buffer_done(&out);
}

static void writes_posts_without_texts(void **state)
{
	Lectern__V1__Post post;
	lectern__v1__post__init(&post);
	Lectern__V1__Post *posts[] = { &post };
	struct atom_feed feed = make_feed(posts, 1);
	struct buffer out;
	buffer_init(&out, 1 << 20);
	atom_put(&feed, &out);
	assert_non_null(strstr(buffer_text(&out), "<title>Untitled</title>\n"
						  "<summary>Untitled</summary>\n</entry>"));
	parse(&out);
	buffer_done(&found.content);
	buffer_done(&out);
}

static void writes_an_index(void **state)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	sitemap_index_begin(&out);
	sitemap_index_put("https://example.org/sitemap/2024-01.xml?a&b", &out);
	sitemap_index_end(&out);
	assert_string_equal(buffer_text(&out),
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
		"<sitemap><loc>https://example.org/sitemap/2024-01.xml?a&amp;b</loc></sitemap>\n"
		"</sitemapindex>\n");
	parse(&out);
	buffer_done(&found.content);
	buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_an_empty_feed),
		cmocka_unit_test(writes_entries),
		cmocka_unit_test(keeps_ids),
		cmocka_unit_test(carries_any_text),
		cmocka_unit_test(writes_posts_without_texts),
		cmocka_unit_test(writes_an_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
