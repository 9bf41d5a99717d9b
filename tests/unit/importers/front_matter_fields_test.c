#include "support/front_matter_items.h"

#include "base/rfc3339.h"

#include <lectern/v1/post.pb-c.h>
#include <times.h>

/* One field of a post, from the YAML between the marks of _posts/2020-01-02-name.md. */
static const struct {
	const char *label, *yaml, *field, *want;
	const char *note; /* all of it */
} cases[] = {
	{ "title", "title: A b", "title", "A b", "" },
	{ "quotes", "title: 'It''s \"x\"'", "title", "It's \"x\"", "" },
	{ "a number", "title: 2018", "title", "2018", "" },
	{ "yes", "title: yes", "title", "yes", "" },
	{ "references", "title: \"A &amp; B&#8217;s &lt;x&gt;\"", "title", "A & B\xE2\x80\x99s <x>",
		"" },
	{ "an ampersand", "title: AT&T & R&D", "title", "AT&T & R&D", "" },
	{ "two blanks", "title: a  b", "title", "a  b", "" },
	{ "lines", "title: |\n  a\n  b", "title", "a b", "" },
	{ "control characters", "title: \"a\\x01\\tb\\u0085c\"", "title", "a b c", "" },
	{ "case of keys", "Title: x", "title", "x", "" },
	{ "no title", "layout: post", "title", "Name",
		"no title: it was made from the file's name" },
	{ "an empty title", "title: ''", "title", "Name",
		"no title: it was made from the file's name" },
	{ "a list as title", "title: [a]", "title", "Name",
		"no title: it was made from the file's name" },
	{ "Chinese", "title: \xE4\xBD\xA0\xE5\xA5\xBD", "title", "\xE4\xBD\xA0\xE5\xA5\xBD", "" },
	{ "a title twice", "title: x\ntitle: y", "title", "y",
		"'title' stands twice, the last one was taken" },

	{ "the file's name", "title: x", "slug", "name", "" },
	{ "a slug", "title: x\nslug: my-slug", "slug", "my-slug", "" },
	{ "a number as slug", "title: x\nslug: 007", "slug", "007", "" },
	{ "a slug that is none", "title: x\nslug: My Slug!", "slug", "my-slug",
		"slug 'My Slug!' was made 'my-slug'" },
	{ "upper case", "title: x\nslug: Release-3.0", "slug", "release-3.0",
		"slug 'Release-3.0' was made 'release-3.0'" },
	{ "nothing in a slug", "title: x\nslug: '!'", "slug", "name",
		"slug has no letter or digit" },
	{ "an empty slug", "title: x\nslug: ''", "slug", "name", "" },
	{ "a permalink", "title: x\npermalink: /blog/2019/foo-bar/", "slug", "foo-bar", "" },
	{ "a file as permalink", "title: x\npermalink: /Foo_Bar.html", "slug", "foo_bar", "" },
	{ "an index as url", "title: x\nurl: /a/b/index.html", "slug", "b", "" },
	{ "a pattern", "title: x\npermalink: /:year/:title/", "slug", "name", "" },
	{ "percents", "title: x\nurl: /%E4%BD%A0%E5%A5%BD/", "slug", "\xE4\xBD\xA0\xE5\xA5\xBD",
		"" },
	{ "percents that are no text", "title: x\nurl: /%E4%BD/", "slug", "e4-bd", "" },
	{ "a slash alone", "title: x\npermalink: /", "slug", "name", "" },

	{ "the date of the name", "title: x", "publish_time", "2020-01-02T00:00:00Z", "" },
	{ "a date", "title: x\ndate: 2019-07-02 13:05:00 +0200", "publish_time",
		"2019-07-02T11:05:00Z", "" },
	{ "a wrong date", "title: x\ndate: 9999-9-99", "publish_time", "2020-01-02T00:00:00Z",
		"date '9999-9-99' is no date; the date is that of the file's path" },
	{ "an unknown zone", "title: x\ndate: 2019-07-02 13:05 Mars/Base", "publish_time",
		"2019-07-02T13:05:00Z",
		"the zone in date '2019-07-02 13:05 Mars/Base' is not known, UTC was taken" },
	{ "an empty date", "title: x\ndate:", "publish_time", "2020-01-02T00:00:00Z", "" },
	{ "Go's zero", "title: x\ndate: 0001-01-01T00:00:00Z", "publish_time",
		"2020-01-02T00:00:00Z", "" },
	{ "publishDate", "title: x\npublishDate: 2019-07-02", "publish_time",
		"2019-07-02T00:00:00Z", "" },
	{ "date before publishDate", "title: x\ndate: 2019-07-01\npublishDate: 2019-07-02",
		"publish_time", "2019-07-01T00:00:00Z", "" },
	{ "an embargo", "title: x\ndate: 2019-07-01\npublishDate: 2050-07-02", "publish_time",
		"2050-07-02T00:00:00Z", "" },
	{ "a future date", "title: x\ndate: 2050-07-01", "state", "PUBLISHED", "" },
	{ "a list as date", "title: x\ndate: [2019]", "publish_time", "2020-01-02T00:00:00Z", "" },

	{ "public", "title: x", "state", "PUBLISHED", "" },
	{ "draft", "title: x\ndraft: true", "state", "DRAFT", "" },
	{ "draft as text", "title: x\ndraft: 'True'", "state", "DRAFT", "" },
	{ "no draft", "title: x\ndraft: false", "state", "PUBLISHED", "" },
	{ "published", "title: x\npublished: true", "state", "PUBLISHED", "" },
	{ "not published", "title: x\npublished: false", "state", "DRAFT", "" },
	{ "no as YAML 1.1", "title: x\npublished: no", "state", "DRAFT", "" },
	{ "published as a date", "title: x\npublished: 2019-07-02", "publish_time",
		"2019-07-02T00:00:00Z", "" },
	{ "a status", "title: x\nstatus: private", "state", "DRAFT", "" },
	{ "a status that is public", "title: x\nstatus: publish", "state", "PUBLISHED", "" },

	{ "lastmod", "title: x\nlastmod: 2021-01-01", "update_time", "2021-01-01T00:00:00Z", "" },
	{ "last_modified_at", "title: x\nlast_modified_at: 2021-01-01", "update_time",
		"2021-01-01T00:00:00Z", "" },
	{ "updated", "title: x\nupdated: 2021-01-01 9:00", "update_time", "2021-01-01T09:00:00Z",
		"" },
	{ "expiryDate", "title: x\nexpiryDate: 2021-01-01", "expire_time", "2021-01-01T00:00:00Z",
		"" },
	{ "unpublishdate", "title: x\nunpublishdate: 2021-01-01", "expire_time",
		"2021-01-01T00:00:00Z", "" },
	{ "expired before it was there", "title: x\nexpiryDate: 2019-01-01", "state", "DRAFT",
		"it expires before it is published: taken as a draft" },

	{ "a list of tags", "title: x\ntags: [a, 'b c', 2018, yes, 1.0]", "tags",
		"a|b c|2018|yes|1.0", "" },
	{ "tags in lines", "title: x\ntags:\n- a\n- b", "tags", "a|b", "" },
	{ "tags with blanks", "title: x\ntags: a b  c", "tags", "a|b|c", "" },
	{ "tags with commas", "title: x\ntags: a b, c ,,", "tags", "a b|c", "" },
	{ "one tag", "title: x\ntag: a b", "tags", "a b", "" },
	{ "both", "title: x\ntag: a\ntags: [b]", "tags", "b|a", "" },
	{ "no tags", "title: x\ntags:", "tags", "", "" },
	{ "empty tags", "title: x\ntags: ['', ' ', ~]", "tags", "", "" },
	{ "nested tags", "title: x\ntags: [a, [b, [c]], d]", "tags", "a|b|c|d", "" },
	{ "tags as maps", "title: x\ntags: [{name: a}, {title: b}, {c: 11}]", "tags", "a|b|c: 11",
		"" },
	{ "tags as keys", "title: x\ntags: {a: , b: }", "tags", "a|b", "" },
	{ "tags that differ by case", "title: x\ntags: [Jekyll, jekyll, JEKYLL, \xEF\xBC\xA1, a]",
		"tags", "Jekyll|\xEF\xBC\xA1", "tags 'Jekyll' and 'jekyll' are the same" },
	{ "a tag twice", "title: x\ntags: [a, a]", "tags", "a", "" },
	{ "references in tags", "title: x\ntags: [R&amp;D]", "tags", "R&D", "" },
	{ "lines in tags", "title: x\ntags: [\"a\\nb\"]", "tags", "a b", "" },
	{ "Zola's tags", "title: x\ntaxonomies: {tags: [a], categories: [b]}", "tags", "a", "" },
	{ "tags by an alias", "title: x\nx: &a [b, c]\ntags: *a", "tags", "b|c", "" },

	{ "categories", "title: x\ncategories: [a, b]", "categories", "a|b", "" },
	{ "categories with blanks", "title: x\ncategories: a b", "categories", "a|b", "" },
	{ "a category", "title: x\ncategory: a b", "categories", "a b", "" },
	{ "Zola's categories", "title: x\ntaxonomies: {categories: [b]}", "categories", "b", "" },
	{ "Hexo's categories", "title: x\ncategories:\n- [a, b]\n- [c]", "categories", "a|b|c",
		"" },

	{ "an author", "title: x\nauthor: Jane Doe", "authors", "Jane Doe", "" },
	{ "a comma in a name", "title: x\nauthor: 'Doe, Jane'", "authors", "Doe, Jane", "" },
	{ "authors", "title: x\nauthors: [Jane, Joe]", "authors", "Jane|Joe", "" },
	{ "an author as a map", "title: x\nauthor: {email: j@x, name: Jane}", "authors", "Jane",
		"" },
	{ "authors as maps", "title: x\nauthors:\n- name: Jane\n- name: Joe", "authors", "Jane|Joe",
		"" },

	{ "excerpt", "title: x\nexcerpt: ' a  b '\ndescription: c", "excerpt", "a  b", "" },
	{ "summary", "title: x\nsummary: a", "excerpt", "a", "" },
	{ "description", "title: x\ndescription: >\n  a\n  b\nexcerpt: ''", "excerpt", "a b", "" },
	{ "paragraphs", "title: x\nexcerpt: \"a\\n\\nb\"", "excerpt", "a\n\nb", "" },
	{ "no excerpt", "title: x", "excerpt", "", "" },

	{ "former addresses", "title: x\naliases: [/a/b/, /c.html, d]", "aliases", "b|c|d", "" },
	{ "one", "title: x\nredirect_from: /a/b/", "aliases", "b", "" },
	{ "both kinds", "title: x\nredirect_from: [/a]\naliases: [/b]", "aliases", "b|a", "" },
	{ "the slug, and one twice", "title: x\naliases: [/name/, /a, /b/a/]", "aliases", "a", "" },
	{ "what is no address",
		"title: x\naliases: [/, '', 'http://x.org/?p=5', 'http://x.org/a/']", "aliases",
		"a",
		"the former address '/' gives no slug; the former address 'http://x.org/?p=5' "
		"gives "
		"no slug" },

	{ "series", "title: x\nseries: A b", "series", "A b #0", "" },
	{ "a list of series", "title: x\nseries: [A, B]\nseries_order: 3", "series", "A #3", "" },
	{ "a series as a map", "title: x\nseries: {name: A, part: 2}", "series", "A #2", "" },
	{ "a part that is none", "title: x\nseries: A\nseries_order: two", "series", "A #0", "" },
	{ "no series", "title: x\nseries: []", "series", "", "" },

	{ "lang", "title: x\nlang: en", "language", "en", "" },
	{ "a locale", "title: x\nlocale: pt_BR", "language", "pt-BR", "" },
	{ "no language", "title: x\nlang: en_", "language", "", "'en_' is no language tag" },
	{ "a long language", "title: x\nlang: abcdefghij", "language", "",
		"'abcdefghij' is no language tag" },
	{ "featured", "title: x\nfeatured: true", "featured", "true", "" },
	{ "pin", "title: x\npin: yes", "featured", "true", "" },
	{ "not sticky", "title: x\nsticky: false", "featured", "false", "" },

	{ "an image", "title: x\nimage: https://x.org/a.png", "cover_image_url",
		"https://x.org/a.png", "" },
	{ "an image as a map", "title: x\ncover: {alt: y, image: http://x.org/a.png}",
		"cover_image_url", "http://x.org/a.png", "" },
	{ "images", "title: x\nimages: [http://x.org/a.png]", "cover_image_url",
		"http://x.org/a.png", "" },
	{ "a path as image", "title: x\nimage: /a.png", "cover_image_url", "",
		"cover_image_url '/a.png' is no http address: left out" },
	{ "a second image", "title: x\nimage: /a.png\nfeatured_image: http://x.org/a.png",
		"cover_image_url", "http://x.org/a.png", "" },
	{ "a script as image", "title: x\nimage: 'javascript:alert(1)'", "cover_image_url", "",
		"cover_image_url 'javascript:alert(1)' is no http address: left out" },
	{ "a blank in an address", "title: x\nimage: http://x.org/a b", "cover_image_url", "",
		"cover_image_url 'http://x.org/a b' is no http address: left out" },
	{ "canonicalURL", "title: x\ncanonicalURL: https://x.org/", "canonical_url",
		"https://x.org/", "" },
	{ "canonical_url", "title: x\ncanonical_url: https://x.org/", "canonical_url",
		"https://x.org/", "" },

	{ "merged fields", "base: &b {tags: [a]}\n<<: *b\ntitle: x", "tags", "a", "" },
	{ "tabs", "title: x\ntags:\n\t- a", "tags", "a",
		"tabs in the indentation were read as blanks" },
	{ "no attributes", "title: x\nattributes: {a: b}", "attributes", "", "" },
	{ "Lectern's own", "title: x\nlectern: {version: 1, attributes: {a: b, c: 5}}",
		"attributes", "a=b|c=5", "" },
	{ "a wrong attribute", "title: x\nlectern: {version: 1, attributes: {'a b': c}}",
		"attributes", "", "the attribute 'a b' cannot be one" },
	{ "an origin", "title: x\nlectern: {version: 1, origin: 'http://x/?p=1'}", "origin",
		"http://x/?p=1", "" },
	{ "none", "title: x\nlectern: {version: 1}", "origin", "", "" },
	{ "an origin of two lines", "title: x\nlectern: {version: 1, origin: \"a\\nb\"}", "origin",
		"2020-01-02-name.md",
		"the origin is longer than 200 bytes or not one line: the path was taken" },
	{ "another version", "title: x\nlectern: {version: 2, origin: y}", "origin",
		"2020-01-02-name.md", "" },
	{ "texts as they are", "title: 'a &amp; b'\nlectern: {version: 1}", "title", "a &amp; b",
		"" },
	{ "slugs of terms",
		"title: x\ntags: [C++, D]\nlectern: {version: 1, tags_slugs: {C++: cpp}}", "tags",
		"C++ (cpp)|D", "" },
};

static void append_time(struct buffer *out, const Google__Protobuf__Timestamp *time)
{
	char text[RFC3339_BYTES] = "";
	if (time != NULL)
		rfc3339_format(timestamp_to_us(time), text);
	buffer_append_text(out, text);
}

static void append_refs(struct buffer *out, Lectern__V1__TermRef **refs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buffer_printf(out, "%s%s", i == 0 ? "" : "|", refs[i]->name);
		if (refs[i]->slug[0] != '\0')
			buffer_printf(out, " (%s)", refs[i]->slug);
	}
}

static void append_texts(struct buffer *out, const Lectern__V1__Post *post, const char *field)
{
	static const struct {
		const char *name;
		size_t offset;
	} texts[] = { { "title", offsetof(Lectern__V1__Post, title) },
		{ "slug", offsetof(Lectern__V1__Post, slug) },
		{ "excerpt", offsetof(Lectern__V1__Post, excerpt) },
		{ "language", offsetof(Lectern__V1__Post, language) },
		{ "cover_image_url", offsetof(Lectern__V1__Post, cover_image_url) },
		{ "canonical_url", offsetof(Lectern__V1__Post, canonical_url) },
		{ "origin", offsetof(Lectern__V1__Post, origin) },
		{ "body", offsetof(Lectern__V1__Post, body) } };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(field, texts[i].name) == 0)
			buffer_append_text(out, *(char *const *)(const void *)((const char *)post +
									       texts[i].offset));
}

static const char *field_of(struct buffer *out, const Lectern__V1__Post *post, const char *field)
{
	buffer_clear(out);
	append_texts(out, post, field);
	if (strcmp(field, "publish_time") == 0)
		append_time(out, post->publish_time);
	if (strcmp(field, "update_time") == 0)
		append_time(out, post->update_time);
	if (strcmp(field, "expire_time") == 0)
		append_time(out, post->expire_time);
	if (strcmp(field, "state") == 0)
		buffer_append_text(out, post->state == LECTERN__V1__POST_STATE__POST_STATE_DRAFT
						? "DRAFT"
						: "PUBLISHED");
	if (strcmp(field, "featured") == 0)
		buffer_append_text(out, post->featured ? "true" : "false");
	if (strcmp(field, "tags") == 0)
		append_refs(out, post->tags, post->n_tags);
	if (strcmp(field, "categories") == 0)
		append_refs(out, post->categories, post->n_categories);
	if (strcmp(field, "authors") == 0)
		append_refs(out, post->authors, post->n_authors);
	if (strcmp(field, "series") == 0 && post->series != NULL)
		buffer_printf(out, "%s #%u", post->series->name, (unsigned)post->series->part);
	for (size_t i = 0; strcmp(field, "aliases") == 0 && i < post->n_aliases; i++)
		buffer_printf(out, "%s%s", i == 0 ? "" : "|", post->aliases[i]);
	for (size_t i = 0; strcmp(field, "attributes") == 0 && i < post->n_attributes; i++)
		buffer_printf(out, "%s%s=%s", i == 0 ? "" : "|", post->attributes[i]->key,
			post->attributes[i]->value);
	return buffer_text(out);
}

static bool decides(const struct import_item *item, const char *field)
{
	for (const char *const *one = item->fields; *one != NULL; one++)
		if (strcmp(*one, field) == 0)
			return true;
	return false;
}

static void test_fields(void **state)
{
	struct buffer text;
	struct buffer out;
	buffer_init(&text, 1 << 20);
	buffer_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct items items;
		buffer_clear(&text);
		buffer_printf(&text, "---\n%s\n---\n\nText.\n", cases[i].yaml);
		struct item_file file = { "_posts/2020-01-02-name.md", buffer_text(&text), 0 };
		items_open(&items, &file, 1, "", true, false);
		const struct import_item *item = items_next(&items);
		const Lectern__V1__Post *post = (const void *)item->message;
		if (item->state != ITEM_READY)
			fail_msg("%s: %s", cases[i].label, item->reason);
		const char *got = field_of(&out, post, cases[i].field);
		if (strcmp(got, cases[i].want) != 0 || strcmp(item->reason, cases[i].note) != 0)
			fail_msg("%s: '%s', noted '%s'", cases[i].label, got, item->reason);
		if (cases[i].want[0] != '\0' && strcmp(cases[i].field, "origin") != 0 &&
			!decides(item, cases[i].field))
			fail_msg("%s: the field is not decided", cases[i].label);
		assert_string_equal(post->body, "Text.");
		items_close(&items);
	}
	buffer_done(&text);
	buffer_done(&out);
}

/* What the file does not tell is left alone on the server, but for what it always decides. */
static void test_decided(void **state)
{
	static const struct {
		const char *text, *want;
	} files[] = {
		{ "---\ntitle: x\n---\n",
			"publish_time state title slug body_format body tags categories authors " },
		{ "---\ntitle: x\nexcerpt: y\nlang: en\nlastmod: 2020-01-01\naliases: [/y]\n---\n",
			"publish_time state update_time title slug excerpt body_format body tags "
			"categories authors language aliases " },
		{ "---\ntitle: x\nlectern: {version: 1}\n---\n",
			"publish_time state expire_time title slug excerpt body_format body tags "
			"categories authors language cover_image_url canonical_url series featured "
			"aliases attributes " },
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct items items;
		struct item_file file = { "2020-01-02-a.md", files[i].text, 0 };
		char got[512] = "";
		items_open(&items, &file, 1, "", true, false);
		const struct import_item *item = items_next(&items);
		assert_int_equal(item->state, ITEM_READY);
		for (const char *const *one = item->fields; *one != NULL; one++) {
			strcat(got, *one);
			strcat(got, " ");
		}
		assert_string_equal(got, files[i].want);
		items_close(&items);
	}
}

/* Names and texts over the server's limits. */
static void test_limits(void **state)
{
	struct buffer text;
	struct items items;
	buffer_init(&text, 1 << 20);
	buffer_append_text(&text, "---\ntitle: x");
	for (int i = 0; i < LIMIT_TITLE_BYTES; i++)
		buffer_append_text(&text, "\xC3\xA9");
	buffer_append_text(&text, "\ntags:\n- x");
	for (int i = 0; i < LIMIT_NAME_BYTES; i++)
		buffer_append_text(&text, "\xC3\xA9");
	for (int i = 0; i < LIMIT_POST_TAGS + 10; i++)
		buffer_printf(&text, "\n- tag %d", i);
	buffer_append_text(&text, "\naliases:");
	for (int i = 0; i < LIMIT_ALIASES + 1; i++)
		buffer_printf(&text, "\n- /a%d/", i);
	buffer_append_text(&text, "\n---\n");
	struct item_file file = { "2020-01-02-a.md", buffer_text(&text), 0 };
	items_open(&items, &file, 1, "", true, false);
	const struct import_item *item = items_next(&items);
	const Lectern__V1__Post *post = (const void *)item->message;
	assert_string_equal(item->reason,
		"title was cut to 1024 bytes; tags was cut to 200 bytes; more than 256 tags: the "
		"rest was left out; more than 64 former addresses");
	assert_int_equal(strlen(post->title), LIMIT_TITLE_BYTES - 1);
	assert_int_equal(post->n_tags, LIMIT_POST_TAGS);
	assert_int_equal(strlen(post->tags[0]->name), LIMIT_NAME_BYTES - 1);
	assert_int_equal(post->n_aliases, LIMIT_ALIASES);
	items_close(&items);
	buffer_done(&text);
}

/* Lists that aliases make endless are read as far as they help. */
static void test_alias_bomb(void **state)
{
	struct buffer text;
	struct items items;
	buffer_init(&text, 1 << 20);
	buffer_append_text(&text, "---\ntitle: x\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 25; i++)
		buffer_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1,
			i - 1, i - 1);
	buffer_append_text(&text, "tags: *a24\n---\n");
	struct item_file file = { "2020-01-02-a.md", buffer_text(&text), 0 };
	items_open(&items, &file, 1, "", true, false);
	const struct import_item *item = items_next(&items);
	assert_string_equal(item->reason, "tags: only the first 4096 values were read");
	assert_int_equal(((const Lectern__V1__Post *)(const void *)item->message)->n_tags, 1);
	items_close(&items);
	buffer_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_decided),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_alias_bomb),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
