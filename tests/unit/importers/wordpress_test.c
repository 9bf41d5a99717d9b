#include "importers/wxr_memory.h"
#include "importers/wxr_reader.h"
#include "support/wordpress_items.h"

#include <lectern/v1/category.pb-c.h>

#define HEAD \
	"<?xml version=\"1.0\"?>\n" \
	"<rss version=\"2.0\" xmlns:excerpt=\"http://wordpress.org/export/1.2/excerpt/\" " \
	"xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" " \
	"xmlns:dc=\"http://purl.org/dc/elements/1.1/\" " \
	"xmlns:wp=\"http://wordpress.org/export/1.2/\"><channel>" \
	"<wp:base_blog_url>http://b.example</wp:base_blog_url>\n"
#define TAIL "</channel></rss>\n"
#define POST "<wp:post_type>post</wp:post_type><wp:status>publish</wp:status>"

/* What one item becomes: each want is part of its three lines. */
static const struct {
	const char *label, *item, *wants[4];
} items[] = {
	{ "nothing", "",
		{ "ready post 3 wordpress:http://b.example/ | its status \"\" is a draft here; it "
		  "has no time; it has no title",
			"\"title\":\"(no title)\"", "\"slug\":\"post-" } },
	{ "an id", POST "<wp:post_id>7</wp:post_id><title>...</title>",
		{ "wordpress:http://b.example#7 | it has no time\n", "\"slug\":\"post-7\"",
			"\"origin\":\"wordpress:http://b.example#7\"" } },
	{ "a guid", POST "<guid> http://b.example/?p=7&amp;x=1 </guid><title>A</title>",
		{ "\"origin\":\"http://b.example/?p=7&x=1\"" } },
	{ "markup in a title",
		POST "<title>&lt;b&gt;A&lt;/b&gt; &amp;amp; &amp;lt;i&amp;gt;</title>",
		{ "\"title\":\"A & <i>\"", "\"slug\":\"a-i\"" } },
	{ "no title but a text", POST "<content:encoded>&lt;p&gt;Some words.</content:encoded>",
		{ "it has no title; it got the beginning of the text", "\"title\":\"Some words.\"",
			"\"slug\":\"post-" } },
	{ "CDATA in pieces",
		POST "<title><![CDATA[a]]>b<![CDATA[]]><![CDATA[ ]]]]><![CDATA[>c]]></title>",
		{ "\"title\":\"ab ]]>c\"" } },
	{ "published",
		POST "<title>A</title><wp:post_date_gmt>2024-01-02 03:04:05</wp:post_date_gmt>",
		{ "POST_STATE_PUBLISHED", "\"publishTime\":\"2024-01-02T03:04:05Z\"",
			"\"createTime\":\"2024-01-02T03:04:05Z\"", "publish_time create_time" } },
	{ "changed",
		POST "<title>A</title><wp:post_date_gmt>2024-01-02 03:04:05</wp:post_date_gmt>"
		     "<wp:post_modified_gmt>2023-01-01 00:00:00</wp:post_modified_gmt>",
		{ "\"createTime\":\"2023-01-01T00:00:00Z\",\"updateTime\":\"2023-01-01T00:00:00Z\"",
			"\"publishTime\":\"2024-01-02T03:04:05Z\"" } },
	{ "local time only",
		POST "<title>A</title><wp:post_date>2024-01-02 03:04:05</wp:post_date>"
		     "<wp:post_date_gmt>0000-00-00 00:00:00</wp:post_date_gmt>",
		{ "| its time is local time, taken as UTC\n",
			"\"publishTime\":\"2024-01-02T03:04:05Z\"" } },
	{ "the time of the feed only",
		POST "<title>A</title><pubDate>Tue, 27 Jan 2015 14:56:57 +0000</pubDate>",
		{ "| \n", "\"publishTime\":\"2015-01-27T14:56:57Z\"" } },
	{ "scheduled",
		"<wp:status>future</wp:status><title>A</title>"
		"<wp:post_date_gmt>2034-01-02 03:04:05</wp:post_date_gmt>",
		{ "POST_STATE_SCHEDULED\",\"publishTime\":\"2034-01-02T03:04:05Z\",\"origin" } },
	{ "scheduled once",
		"<wp:status>future</wp:status><title>A</title>"
		"<wp:post_date_gmt>2024-01-02 03:04:05</wp:post_date_gmt>",
		{ "| it was scheduled; its time has come\n", "POST_STATE_PUBLISHED" } },
	{ "a draft",
		"<wp:status>draft</wp:status><title>Ein Entwurf</title>"
		"<wp:post_date>2024-01-02 03:04:05</wp:post_date>"
		"<wp:post_date_gmt>0000-00-00 00:00:00</wp:post_date_gmt>",
		{ "POST_STATE_DRAFT\",\"createTime\":\"2024-01-02T03:04:05Z\"",
			"\"slug\":\"ein-entwurf\"", " publish_time " } },
	{ "a draft with a time",
		"<wp:status>pending</wp:status><title>A</title>"
		"<wp:post_date_gmt>2034-01-02 03:04:05</wp:post_date_gmt>",
		{ "| its status \"pending\" is a draft here\n",
			"POST_STATE_DRAFT\",\"publishTime\":\"2034-01-02T03:04:05Z\"" } },
	{ "private",
		"<wp:status>private</wp:status><title>A</title>"
		"<wp:post_date>2024-01-02 03:04:05</wp:post_date>",
		{ "its status \"private\" is a draft here", "\"publishTime\":\"2024" } },
	{ "in the trash", "<wp:status>trash</wp:status><wp:post_id>1</wp:post_id>",
		{ "skipped post 3 wordpress:http://b.example#1 | it is in the trash\n" } },
	{ "automatic", "<wp:status>auto-draft</wp:status>",
		{ "| its status is \"auto-draft\"\n" } },
	{ "a password", POST "<wp:post_password>x</wp:post_password>",
		{ "skipped post", "| it is protected by a password\n" } },
	{ "a page", "<wp:post_type>page</wp:post_type>", { "skipped post", "| it is a page\n" } },
	{ "an attachment", "<wp:post_type>attachment</wp:post_type>",
		{ "skipped post", "| it is an attachment\n" } },
	{ "a type of a plug-in", "<wp:post_type>wp_block</wp:post_type>",
		{ "skipped post", "| it is no post but a \"wp_block\"\n" } },
	{ "sticky", POST "<title>A</title><wp:is_sticky>1</wp:is_sticky>",
		{ "\"featured\":true" } },
	{ "an excerpt",
		POST
		"<title>A</title><excerpt:encoded><![CDATA[<p>a</p>\n\n<p>b &amp; c</p>]]>"
		"</excerpt:encoded><content:encoded>x<![CDATA[<!--more-->]]></content:encoded>",
		{ "\"excerpt\":\"a\\n\\nb & c\"", "\"body\":\"<p>x</p>\"" } },
	{ "an excerpt from the text",
		POST "<title>A</title><content:encoded><![CDATA[<b>x</b>\n<!--more-->\ny]]>"
		     "</content:encoded>",
		{ "\"excerpt\":\"x\"", "\"body\":\"<p><b>x</b></p>\\n<p>y</p>\"" } },
	{ "former slugs",
		POST "<title>A</title><wp:post_name>a</wp:post_name>"
		     "<wp:postmeta><wp:meta_key>_wp_old_slug</wp:meta_key><wp:meta_value>b"
		     "</wp:meta_value></wp:postmeta><wp:postmeta><wp:meta_value>%c3%a9"
		     "</wp:meta_value><wp:meta_key>_wp_old_slug</wp:meta_key></wp:postmeta>"
		     "<wp:postmeta><wp:meta_key>_wp_old_slug</wp:meta_key><wp:meta_value>b"
		     "</wp:meta_value></wp:postmeta>"
		     "<wp:postmeta><wp:meta_key>_wp_old_slug</wp:meta_key><wp:meta_value>a"
		     "</wp:meta_value></wp:postmeta>",
		{ "\"aliases\":[\"b\",\"\xC3\xA9\"]", " aliases " } },
	{ "a featured image that is not there",
		POST "<title>A</title><wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key>"
		     "<wp:meta_value>5</wp:meta_value></wp:postmeta>",
		{ "its featured image is not in the export", "authors\n" } },
	{ "a featured image with an address that is none",
		"<wp:post_id>5</wp:post_id><wp:post_type>attachment</wp:post_type>"
		"<wp:attachment_url>http://x.org/a b.png</wp:attachment_url></item><item>" POST
		"<title>A</title><wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key>"
		"<wp:meta_value>5</wp:meta_value></wp:postmeta>",
		{ "its featured image is not in the export or has no complete address" } },
	{ "an author", POST "<title>A</title><dc:creator>John Doe</dc:creator>",
		{ "\"authors\":[{\"slug\":\"john-doe\",\"name\":\"John Doe\"}]" } },
	{ "terms",
		POST "<title>A</title><category domain=\"category\" nicename=\"a\">A &amp;amp; "
		     "B</category><category nicename=\"x\" domain=\"post_tag\">X</category>"
		     "<category domain=\"post_tag\" nicename=\"x\">X</category>"
		     "<category domain=\"nav_menu\" nicename=\"y\">Y</category>",
		{ "\"tags\":[{\"slug\":\"x\",\"name\":\"X\"}],\"categories\":[{\"slug\":\"a\","
		  "\"name\":\"A & B\"}]" } },
	{ "a namespace that is somebody else's",
		POST "<title>A</title><m:title xmlns:m=\"http://m.example\">B</m:title>"
		     "<title xmlns=\"http://www.w3.org/2005/Atom\">C</title><x:y>D</x:y>",
		{ "\"title\":\"A\"" } },
	{ "a namespace for one element",
		"<link xmlns=\"http://www.w3.org/2005/Atom\"/><title>A</title>"
		"<x:a xmlns:x=\"http://x.example\" xmlns:wp=\"http://x.example\"><wp:b/></x:a>"
		"<wp:is_sticky>1</wp:is_sticky>",
		{ "\"title\":\"A\"", "\"featured\":true" } },
	{ "a guid of two lines", POST "<guid>a\nb</guid><title>A</title>",
		{ "\"origin\":\"wordpress:0c84cf75ee142f818515ab54bd107d86\"" } },
	{ "elements in a value", POST "<title>A<b>B</b>C</title>", { "\"title\":\"AC\"" } },
};

/* The item among what was printed. */
static const char *find_item(const char *printed)
{
	static const char *const starts[] = { "ready post", "refused post", "skipped post" };
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		const char *found = strstr(printed, starts[i]);
		if (found != NULL)
			return found;
	}
	return "";
}

static void test_items(void **state)
{
	for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
		char text[8192];
		snprintf(text, sizeof text, HEAD "<item>%s</item>" TAIL, items[i].item);
		char *printed = wordpress_print(slice_of_text(text), false);
		for (size_t w = 0; w < 4 && items[i].wants[w] != NULL; w++)
			if (strstr(find_item(printed), items[i].wants[w]) == NULL)
				fail_msg("%s: not '%s' in\n%s", items[i].label, items[i].wants[w],
					printed);
		free(printed);
	}
}

static void test_pages(void **state)
{
	static const char text[] =
		HEAD "<item><title>A</title><wp:post_type>page</wp:post_type></item>" TAIL;
	char *printed = wordpress_print(slice_of_text(text), true);
	assert_non_null(strstr(printed, "ready post"));
	free(printed);
}

static char *read_sample(const char *name, size_t *ret_size)
{
	const char *source = getenv("LECTERN_SOURCE");
	char path[4096];
	snprintf(path, sizeof path, "%s/tests/data/wordpress/%s", source == NULL ? "." : source,
		name);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("cannot read %s", path);
	char *text = malloc(1 << 20);
	*ret_size = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

static const char *const samples[] = { "version-1.0.xml", "version-1.1.xml", "version-1.2.xml" };
enum { SAMPLES = sizeof samples / sizeof samples[0] };

/* Beside each sample stands what it becomes. */
static void test_samples(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		char name[100];
		size_t size, want_size;
		char *text = read_sample(samples[i], &size);
		snprintf(name, sizeof name, "%.*s.items", (int)strlen(samples[i]) - 4, samples[i]);
		char *want = read_sample(name, &want_size);
		static const size_t chunks[] = { 0, 1, 2, 7, 4096 };
		for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++) {
			wxr_set_chunk_bytes(chunks[c]);
			char *printed = wordpress_print(slice_of(text, size), false);
			if (strlen(printed) != want_size || memcmp(printed, want, want_size) != 0)
				fail_msg("%s in pieces of %zu bytes:\n%s", samples[i], chunks[c],
					printed);
			free(printed);
		}
		wxr_set_chunk_bytes(0);
		free(text);
		free(want);
	}
}

/* Of what stands behind each other in the whole, and only whole. */
static void check_part(const char *whole, char *part)
{
	for (char *line = part; *line != '\0';) {
		char *end = strchr(line, '\n');
		*end = '\0';
		bool post = strncmp(line, "ready post", 10) == 0;
		/* What terms are called depends on which of them are there. */
		if (post && strstr(whole, line) == NULL && strstr(line, "featured image") == NULL)
			fail_msg("not in the whole: %s", line);
		line = end + 1;
	}
}

static void test_truncated(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t size;
		char *text = read_sample(samples[i], &size);
		while (text[size - 1] == '\n')
			size--;
		char *whole = wordpress_print(slice_of(text, size), false);
		for (size_t percent = 0; percent < 100; percent++) {
			size_t cut = size * percent / 100;
			char *copy = malloc(cut + 1);
			memcpy(copy, text, cut);
			char *part = wordpress_print(slice_of(copy, cut), false);
			size_t posts = 0;
			for (const char *at = copy;
				(at = memmem(at, (size_t)(copy + cut - at), "</item>", 7)) != NULL;
				at += 7)
				posts++;
			size_t found = 0;
			for (const char *at = part; at != NULL; at = strchr(at, '\n')) {
				at += *at == '\n';
				found += strncmp(at, "ready post", 10) == 0 ||
					 strncmp(at, "skipped post", 12) == 0;
			}
			assert_int_equal(found, posts);
			assert_non_null(strstr(part, "refused post "));
			assert_non_null(strstr(part, "the file ends here, in the middle"));
			check_part(whole, part);
			free(part);
			free(copy);
		}
		free(whole);
		free(text);
	}
}

#define ITEM "<item><title>A</title></item>\n"

/* What makes a file one that cannot be read on. */
static const struct {
	const char *label, *text, *want;
	size_t ready; /* posts before */
} damages[] = {
	{ "empty", "",
		"refused post 1  | the file ends here, in the middle (no element found); export it "
		"again\n",
		0 },
	{ "a byte", HEAD ITEM "<item><title>\n\xE9</title></item>" TAIL,
		"refused post 5  | in the item that begins in line 4: column 1: the byte 0xe9 is "
		"not UTF-8; remove such bytes with iconv -c -f UTF-8 -t UTF-8, what stands behind "
		"it is not read\n",
		1 },
	{ "a tag that does not match", HEAD ITEM "<item></title></item>" ITEM TAIL,
		"refused post 4  | in the item that begins in line 4: column 9: mismatched tag; "
		"mend it, what stands behind it is not read\n",
		1 },
	{ "an entity", HEAD ITEM ITEM "<item><title>&nbsp;</title></item>" TAIL,
		"column 14: undefined entity; mend it", 2 },
	{ "a DOCTYPE", "<!DOCTYPE rss [<!ENTITY a \"b\">]>" HEAD ITEM TAIL,
		"refused post 1  | a DOCTYPE is refused, as no export has one: remove it\n", 0 },
	{ "an external DOCTYPE", "<!DOCTYPE rss SYSTEM \"file:///etc/passwd\"><rss/>",
		"| a DOCTYPE is refused", 0 },
	{ "another document", "<html><body/></html>",
		"refused post 1  | this is no export of WordPress: the first element is not "
		"<rss>\n",
		0 },
	{ "another feed", "<rss><channel>\n" ITEM "</channel></rss>",
		"| this is no export of WordPress: nothing in it is of a namespace that begins "
		"with http://wordpress.org/export/",
		0 },
	{ "an empty feed", "<rss><channel></channel></rss>",
		"| this is no export of WordPress:", 0 },
	{ "an encoding", "<?xml version=\"1.0\" encoding=\"EBCDIC-X\"?><rss/>",
		"| the encoding that the XML declaration names is not known; convert the file to "
		"UTF-8 with iconv and correct the declaration\n",
		0 },
	{ "two documents", HEAD ITEM TAIL "<rss/>", "junk after document element", 1 },
};

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

static void test_damaged(void **state)
{
	for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		const char *text = damages[i].text;
		const char *xml = strstr(text, "<?xml"); /* a DOCTYPE stands behind it */
		char moved[8192] = "";
		if (xml != NULL && xml != text) {
			size_t line = (size_t)(strchr(xml, '\n') - xml);
			snprintf(moved, sizeof moved, "%.*s%.*s%s", (int)line, xml,
				(int)(xml - text), text, xml + line);
			text = moved;
		}
		char *printed = wordpress_print(slice_of_text(text), false);
		if (strstr(printed, damages[i].want) == NULL ||
			count_of(printed, "ready post") != damages[i].ready ||
			count_of(printed, "refused post") != 1)
			fail_msg("%s:\n%s", damages[i].label, printed);
		free(printed);
	}
}

/* What would take memory without bound. */
static void test_bombs(void **state)
{
	static const struct {
		const char *label, *head, *part;
	} bombs[] = {
		{ "a comment", HEAD "<!--", "xxxxxxxx" },
		{ "a tag", HEAD "<item a=\"", "xxxxxxxx" },
		{ "depth", HEAD, "<a><b>" },
		{ "names", HEAD, NULL },
		{ "bindings", HEAD, "<a xmlns:b='c'>" },
	};
	enum { SIZE = 4 * WXR_PARSER_BYTES };
	char *text = malloc(SIZE);
	for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
		size_t size = strlen(bombs[i].head);
		memcpy(text, bombs[i].head, size);
		for (unsigned n = 0; size + 100 < SIZE; n++)
			if (bombs[i].part != NULL)
				size += (size_t)snprintf(text + size, 100, "%s", bombs[i].part);
			else
				size += (size_t)snprintf(text + size, 100, "<a%u x%u=''/>", n, n);
		char *printed = wordpress_print(slice_of(text, size), false);
		if (strstr(printed, "| a tag or comment is too long, elements stand too deep") ==
			NULL)
			fail_msg("%s: %s", bombs[i].label, printed);
		free(printed);
	}
	free(text);
}

static void test_long_values(void **state)
{
	enum { SIZE = WXR_TEXT_BYTES + 4096 };
	static const struct {
		const char *before, *behind, *want;
		size_t size;
	} values[] = {
		{ "<content:encoded>", "</content:encoded>",
			"refused post 3 wordpress:http://b.example/a | content:encoded: is too "
			"long; "
			"shorten it",
			WXR_TEXT_BYTES + 1 },
		{ "<content:encoded>", "</content:encoded>",
			"| content:encoded: is longer than 4194304 bytes as HTML; shorten it",
			LIMIT_BODY_BYTES },
		{ "<content:encoded>", "</content:encoded>", "ready post", LIMIT_BODY_BYTES - 7 },
		{ "<wp:post_id>", "</wp:post_id>", "| post_id: is too long; shorten it",
			WXR_VALUE_BYTES + 1 },
		{ "<excerpt:encoded>", "</excerpt:encoded>",
			"ready post 3 wordpress:http://b.example/a | its status \"\" is a draft "
			"here; "
			"it has no time; excerpt: cut to 8192 bytes\n",
			LIMIT_EXCERPT_BYTES + 1 },
		{ "<wp:post_name>a</wp:post_name><title>", "</title>",
			"it has no time; title: cut to 1024 bytes\n", LIMIT_TITLE_BYTES + 1 },
		{ "<guid>", "</guid>", "ready post 3 wordpress:", 201 },
		{ "<wp:postmeta><wp:meta_key>x</wp:meta_key><wp:meta_value>",
			"</wp:meta_value></wp:postmeta>", "ready post", WXR_VALUE_BYTES + 1 },
	};
	char *text = malloc(SIZE);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		size_t used = (size_t)snprintf(text, 2048,
			HEAD "<item><title>A</title><wp:post_name>a</wp:post_name>%s",
			values[i].before);
		memset(text + used, 'x', values[i].size);
		used += values[i].size;
		used += (size_t)snprintf(text + used, 1024, "%s</item>" TAIL, values[i].behind);
		char *printed = wordpress_print(slice_of(text, used), false);
		if (strstr(printed, values[i].want) == NULL)
			fail_msg("%zu: %.400s", i, printed);
		free(printed);
	}
	free(text);
}

/* Control characters are left out; the note tells where the first one stood. */
static void test_control_characters(void **state)
{
	static const char text[] = HEAD "<item><title>A\x0B"
					"B</title>\n\x02<link>\x1B</link>"
					"</item>" TAIL;
	char *printed = wordpress_print(slice_of(text, sizeof text - 1), false);
	assert_non_null(strstr(printed, "noted post 3  | control characters, which XML forbids, "
					"left out from here on: 3\n"));
	assert_non_null(strstr(printed, "\"title\":\"AB\""));
	free(printed);
}

static char *encode(const char *text, const char *encoding, size_t *ret_size)
{
	bool wide = strncmp(encoding, "UTF-16", 6) == 0;
	bool big = strcmp(encoding, "UTF-16BE") == 0;
	char *out = malloc(2 * strlen(text) + 2);
	size_t size = 0;
	if (wide) {
		out[size++] = (char)(big ? 0xFE : 0xFF);
		out[size++] = (char)(big ? 0xFF : 0xFE);
	}
	for (; *text != '\0'; text++) {
		if (wide && big)
			out[size++] = 0;
		out[size++] = *text;
		if (wide && !big)
			out[size++] = 0;
	}
	*ret_size = size;
	return out;
}

static void test_encodings(void **state)
{
	static const char *const encodings[] = { "ISO-8859-1", "UTF-16LE", "UTF-16BE" };
	for (size_t i = 0; i < 3; i++) {
		char text[4096];
		size_t size;
		snprintf(text, sizeof text,
			"<?xml version=\"1.0\" "
			"encoding=\"%.*s\"?>%s<item><title>K\xF6ln</title></item>" TAIL,
			i == 0 ? 10 : 6, encodings[i], strchr(HEAD, '\n'));
		char *encoded = encode(text, encodings[i], &size);
		static const size_t chunks[] = { 0, 1, 3 };
		for (size_t c = 0; c < 3; c++) {
			wxr_set_chunk_bytes(chunks[c]);
			char *printed = wordpress_print(slice_of(encoded, size), false);
			if (strstr(printed, "\"title\":\"K\xC3\xB6ln\"") == NULL)
				fail_msg("%s: %s", encodings[i], printed);
			free(printed);
		}
		wxr_set_chunk_bytes(0);
		assert_true(wordpress_format.sniff(NULL,
			slice_of(encoded, size > INPUT_HEAD_BYTES ? INPUT_HEAD_BYTES : size)));
		free(encoded);
	}
}

static void test_sniff(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} heads[] = {
		{ HEAD, true },
		{ "\xEF\xBB\xBF\n\n" HEAD, true },
		{ "<?xml version=\"1.0\"?><!-- This is a WordPress eXtended RSS file", true },
		{ "<rss xmlns:wp=\"https://wordpress.org/export/1.2/\">", true },
		{ "<rss version=\"2.0\"><channel>", false },
		{ "# About <rss> and wordpress.org/export/", false },
		{ "{\"a\":\"<rss wordpress.org/export/\"}", false },
		{ "", false },
	};
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		if (wordpress_format.sniff(NULL, slice_of_text(heads[i].text)) != heads[i].want)
			fail_msg("%s", heads[i].text);
}

#define CATEGORY(slug, parent) \
	"<wp:category><wp:category_nicename>" slug \
	"</wp:category_nicename><wp:category_parent>" parent \
	"</wp:category_parent><wp:cat_name>" slug "</wp:cat_name></wp:category>\n"

struct tree {
	char seen[64][8];
	size_t count;
	size_t notes;
};

/* Parents come before their children. */
static void check_tree(const struct import_item *item, void *arg)
{
	struct tree *tree = arg;
	const Lectern__V1__Category *category = (const Lectern__V1__Category *)item->message;
	assert_int_equal(item->kind, IMPORT_CATEGORY);
	bool known = category->parent == NULL;
	for (size_t i = 0; i < tree->count; i++) {
		known = known || strcmp(tree->seen[i], category->parent->slug) == 0;
		assert_string_not_equal(tree->seen[i], category->slug);
	}
	assert_true(known);
	tree->notes += item->reason[0] != '\0';
	snprintf(tree->seen[tree->count++], sizeof tree->seen[0], "%s", category->slug);
}

static void test_trees(void **state)
{
	struct tree tree = { .count = 0 };
	wordpress_read(slice_of_text(HEAD CATEGORY("c", "b") CATEGORY("b", "a") CATEGORY("a", "")
				       CATEGORY("x", "y") CATEGORY("y", "z") CATEGORY("z", "x")
					       CATEGORY("self", "self") CATEGORY("w", "x")
						       CATEGORY("a", "c") TAIL),
		false, check_tree, &tree);
	assert_int_equal(tree.count, 8);
	assert_int_equal(tree.notes, 2);
	/* Deeper than the server takes. */
	char text[16384];
	size_t used = (size_t)snprintf(text, sizeof text, HEAD);
	for (unsigned i = 0; i < 20; i++)
		used += (size_t)snprintf(
			text + used, sizeof text - used, CATEGORY("c%u", "c%u"), i, i + 1, i);
	snprintf(text + used, sizeof text - used, CATEGORY("c20", "") TAIL);
	tree = (struct tree){ .count = 0 };
	wordpress_read(slice_of_text(text), false, check_tree, &tree);
	assert_int_equal(tree.count, 21);
	assert_int_equal(tree.notes, 5);
}

/* The same guid twice: one post each, the same ones in each run. */
static void test_same_guids(void **state)
{
	static const char text[] =
		HEAD "<item><guid>g</guid><wp:post_id>1</wp:post_id></item>"
		     "<item><guid>g</guid><wp:post_id>2</wp:post_id></item>"
		     "<item><guid>g</guid><wp:post_id>1</wp:post_id></item>" TAIL;
	char *printed = wordpress_print(slice_of_text(text), false);
	assert_int_equal(count_of(printed, "\"origin\":\"g\""), 2);
	assert_int_equal(count_of(printed, "\"origin\":\"wordpress:http://b.example#2\""), 1);
	assert_non_null(strstr(printed, "| another post has its guid, too;"));
	free(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_sniff),
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_same_guids),
	};
	return cmocka_run_group_tests_name("wordpress", tests, NULL, NULL);
}
