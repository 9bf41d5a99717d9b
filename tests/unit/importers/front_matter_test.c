#include "support/front_matter_tree.h"

#include "base/text.h"

#include <lectern/v1/post.pb-c.h>
#include <unistd.h>

static const char *source_folder(void)
{
	const char *folder = getenv("LECTERN_SOURCE");
	return folder == NULL ? "." : folder;
}

static const char *const state_names[] = {
	[ITEM_READY] = "post",
	[ITEM_REFUSED] = "refused",
	[ITEM_SKIPPED] = "skipped",
	[ITEM_NOTED] = "noted",
};

struct listing {
	struct buffer text;
	size_t relative;
	size_t counts[ITEM_END];
};

static void list_item(const struct import_item *item, void *arg)
{
	struct listing *listing = arg;
	struct buffer json;
	buffer_init(&json, 64 * 1024 * 1024);
	listing->counts[item->state]++;
	buffer_printf(&listing->text, "%s %s:%ju %s\n", state_names[item->state],
		item->path + listing->relative, (uintmax_t)item->line, item->origin);
	if (item->reason[0] != '\0')
		buffer_printf(&listing->text, "  %s\n", item->reason);
	if (item->state == ITEM_READY) {
		items_describe(item, &json);
		buffer_printf(&listing->text, "  %s\n", buffer_text(&json));
	}
	buffer_done(&json);
}

static char *read_whole(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	static char text[1 << 20];
	if (file == NULL)
		fail_msg("%s is not there", path);
	*ret_size = fread(text, 1, sizeof text - 1, file);
	text[*ret_size] = '\0';
	fclose(file);
	return text;
}

/* The trees of tests/data/front-matter, each with a list of what is to come out. */
static void test_trees(void **state)
{
	static const struct {
		const char *folder, *list;
		bool pages;
	} trees[] = {
		{ "jekyll", "jekyll.txt", false },
		{ "hugo", "hugo.txt", false },
		{ "jekyll", "jekyll-pages.txt", true },
	};
	for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
		char path[4096];
		struct tree tree;
		size_t size;
		snprintf(path, sizeof path, "%s/tests/data/front-matter/%s", source_folder(),
			trees[i].folder);
		struct listing listing = { .relative = strlen(path) + 1 };
		buffer_init(&listing.text, 1 << 20);
		assert_true(tree_list(path, &tree));
		tree_read(&tree, trees[i].pages, list_item, &listing);
		snprintf(path, sizeof path, "%s/tests/data/front-matter/%s", source_folder(),
			trees[i].list);
		if (strcmp(buffer_text(&listing.text), read_whole(path, &size)) != 0) {
			fprintf(stderr, "%s", buffer_text(&listing.text));
			fail_msg("%s: this is no longer what comes out", trees[i].list);
		}
		buffer_done(&listing.text);
		tree_free(&tree);
	}
}

static const struct {
	const char *label, *path, *text;
	const char *want; /* the title, excerpt and body, or what items_describe() tells */
	const char *note;
} cases[] = {
	{ "no front matter", "2020-01-02-a.md", "# Title\n\nText.", "Title||# Title\n\nText.",
		"no front matter; no title: the first heading was taken" },
	{ "no heading either", "posts/some-words_here.md", "Text.\n", "Some Words Here||Text.",
		"no front matter; no date: a new post gets the time of the import; no title: it "
		"was "
		"made from the file's name" },
	{ "a heading with markup", "2020-01-02-a.md",
		"\n## **A** `b` [c](http://x/) &amp; ![d][1] ##\n",
		"A b c & d||"
		"## **A** `b` [c](http://x/) &amp; ![d][1] ##",
		"no front matter; no title: the first heading was taken" },
	{ "an underlined heading", "2020-01-02-a.md", "Intro.\n\nA title\n---\n",
		"A title||Intro.\n\nA title\n---",
		"no front matter; no title: the first heading was taken" },
	{ "a comment in code", "2020-01-02-a.md", "```\n# no\n```\n    # no\n# yes",
		"yes||```\n# no\n"
		"```\n    # no\n# yes",
		"no front matter; no title: the first heading was taken" },
	{ "HTML's heading", "2020-01-02-a.html",
		"---\n---\n<header><h1 class=\"x\">A <b>b</b></h1>",
		"A b||<header><h1 class=\"x\">A <b>b</b></h1>",
		"no title: the first heading was taken" },
	{ "HTML without front matter", "2020-01-02-a.html", "<h1>A</h1>",
		"skipped: it is HTML without front matter", NULL },
	{ "a mark in the text", "2020-01-02-a.md", "---\ntitle: x\n---\nA\n\n---\n\nB\n",
		"x||A\n\n---\n\nB", "" },
	{ "no text", "2020-01-02-a.md", "---\ntitle: x\n---", "x||", "" },
	{ "an end with dots", "2020-01-02-a.md", "---  \ntitle: x\n...\t\nA", "x||A", "" },
	{ "empty lines before", "2020-01-02-a.md", "\n \n---\ntitle: x\n---\nA", "x||A", "" },
	{ "empty front matter", "2020-01-02-a.md", "---\n---\nA", "A||A",
		"no title: it was made from the file's name" },
	{ "a rule, not a mark", "2020-01-02-a.md", "----\nA", "A||----\nA",
		"no front matter; no title: it was made from the file's name" },
	{ "several empty lines", "2020-01-02-a.md", "---\ntitle: x\n---\n\n\nA\n\n", "x||\nA\n",
		"" },
	{ "CRLF", "2020-01-02-a.md", "---\r\ntitle: x\r\n---\r\n\r\nA\r\nB\r\n", "x||A\nB", "" },
	{ "CR within LF", "2020-01-02-a.md", "---\ntitle: x\n---\n\nA\r\nB\r\n", "x||A\r\nB\r",
		"" },
	{ "CR alone", "2020-01-02-a.md", "---\rtitle: x\r---\rA\rB", "x||A\nB", "" },
	{ "more", "2020-01-02-a.md", "---\ntitle: x\n---\nA *b*.\n\n<!--more-->\n\nC",
		"x|A b.|A *b*.\n\n\nC", "" },
	{ "more with blanks", "2020-01-02-a.md", "---\ntitle: x\n---\nA.<!-- MORE --> C",
		"x|A.|A. C", "" },
	{ "more in code", "2020-01-02-a.md",
		"---\ntitle: x\n---\n`<!--more-->`\n```\n<!--more-->\n```",
		"x||`<!--more-->`\n```\n<!--more-->\n```", "" },
	{ "more and an excerpt", "2020-01-02-a.md",
		"---\ntitle: x\nexcerpt: E\n---\nA.\n<!--more-->\nC", "x|E|A.\nC", "" },
	{ "more in Lectern's own", "2020-01-02-a.md",
		"---\ntitle: x\nlectern: {version: 1}\n---\nA.\n<!--more-->\nC",
		"x||A.\n<!--more-->\nC", "" },
	{ "another separator", "2020-01-02-a.md",
		"---\ntitle: x\nexcerpt_separator: <!-- cut -->\n---\nA.\n<!-- cut -->\nC",
		"x|A.|A.\nC", "" },
	{ "a paragraph as separator", "2020-01-02-a.md",
		"---\ntitle: x\nexcerpt_separator: \"\\n\\n\"\n---\nA\nb.\n\nC",
		"x|A b.|A\nb.\n\nC", "" },
	{ "an excerpt of templates", "2020-01-02-a.md",
		"---\ntitle: x\n---\n{% include a %}{{ b }}<p>A</p>\n> B\n<!--more-->\nC",
		"x|A B|{% include a %}{{ b }}<p>A</p>\n> B\nC", "" },
	{ "a template at the start", "2020-01-02-a.md", "{% include a %}\n# T",
		"T||{% include a %}\n# T",
		"no front matter; no title: the first heading was taken" },
	{ "a shortcode at the start", "2020-01-02-a.md", "{{< a >}}\n# T", "T||{{< a >}}\n# T",
		"no front matter; no title: the first heading was taken" },
	{ "JSON", "2020-01-02-a.md", "{ \"title\": \"x\" } \n\nA", "x||A", "" },
	{ "JSON at once", "2020-01-02-a.md", "{\"title\":\"x\"}A", "x||A", "" },
	{ "wrong JSON", "2020-01-02-a.md", "{\n\"title\": x\n}\nA",
		"refused: line 2: the front matter is no JSON: invalid token near 'x'", NULL },
	{ "TOML", "2020-01-02-a.md", "+++\ntitle = 'x'\n+++\nA", "x||A", "" },
	{ "wrong TOML", "2020-01-02-a.md", "+++\ntitle = 'x'\nb\n+++\nA",
		"refused: line 3: the front matter is no TOML: '=' is missing behind the key",
		NULL },
	{ "TOML without an end", "2020-01-02-a.md", "+++\ntitle = 'x'\n---\nA",
		"refused: the front matter has no end: a second line '+++' is missing", NULL },
	{ "no UTF-8", "2020-01-02-a.md", "---\ntitle: x\n---\n\xE9 \xC3\xA9",
		"refused: line 4 holds the byte 0xe9, which is not UTF-8; save the file as UTF-8",
		NULL },
	{ "UTF-16", "2020-01-02-a.md", "\xFF\xFE-", "refused: it is UTF-16; save the file as UTF-8",
		NULL },
	{ "a byte of Windows-1252 that is none", "2020-01-02-a.md", "---\ntitle: \x81\n---\n",
		"refused: line 2 holds the byte 0x81, which is not UTF-8; save the file as UTF-8",
		NULL },
	{ "empty", "2020-01-02-a.md", "\n", "skipped: it is empty", NULL },
	{ "a picture", "_posts/a.png", "x", "skipped: it is neither Markdown nor HTML", NULL },
	{ "another markup", "_posts/2020-01-02-a.org", "x",
		"refused: neither Markdown nor HTML: convert it to one of them", NULL },
	{ "another markup elsewhere", "a.rst", "x", "skipped: it is neither Markdown nor HTML",
		NULL },
	{ "upper case", "2020-01-02-A.MD", "---\ntitle: x\n---\nA", "x||A", "" },
	{ "a page", "a.md", "---\ntitle: x\nlayout: page\n---\nA",
		"skipped: it is a page, not a post", NULL },
	{ "a page in _posts", "_posts/2020-01-02-a.md", "---\ntitle: x\nlayout: page\n---\nA",
		"x||A", "" },
	{ "README", "README.md", "# x", "skipped: it is about the project and has no front matter",
		NULL },
};

static void test_texts(void **state)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct items items;
		struct item_file file = { cases[i].path, cases[i].text, 0 };
		items_open(&items, &file, 1, "", true, false);
		const struct import_item *item = items_next(&items);
		const Lectern__V1__Post *post = (const void *)item->message;
		if (item->state == ITEM_READY) {
			buffer_clear(&out);
			buffer_printf(&out, "%s|%s|%s", post->title, post->excerpt, post->body);
		} else {
			items_describe(item, &out);
		}
		if (strcmp(buffer_text(&out), cases[i].want) != 0 ||
			(cases[i].note != NULL && strcmp(item->reason, cases[i].note) != 0))
			fail_msg("%s: '%s', noted '%s'", cases[i].label, buffer_text(&out),
				item->reason);
		items_close(&items);
	}
	buffer_done(&out);
}

/* NUL bytes are in no table of texts. */
static void test_binary(void **state)
{
	struct items items;
	struct item_file file = { "2020-01-02-a.md", "---\ntitle: x\n---\n\0", 18 };
	items_open(&items, &file, 1, "", true, false);
	assert_int_equal(items_next(&items)->state, ITEM_REFUSED);
	assert_string_equal(items.item.reason, "line 4 holds the byte 0x00: this is no text");
	assert_int_equal(items.item.line, 4);
	items_close(&items);
}

/* Two folders that were named hold a file of the same path; only one can be the post. */
static void test_same_origin(void **state)
{
	static const char text[] = "---\ntitle: x\n---\n";
	struct item_file files[] = { { "_posts/2020-01-02-a.md", text, 0 },
		{ "2020-01-02-a.md", text, 0 }, { "b/2020-01-02-a.md", text, 0 } };
	struct items items;
	items_open(&items, files, 3, "", true, false);
	assert_int_equal(items_next(&items)->state, ITEM_READY);
	assert_int_equal(items_next(&items)->state, ITEM_REFUSED);
	assert_string_equal(items.item.reason,
		"its path in the folder that was named is also that of '_posts/2020-01-02-a.md': "
		"name the folder that holds both");
	assert_int_equal(items_next(&items)->state, ITEM_READY);
	assert_int_equal(items_next(&items)->state, ITEM_END);
	assert_int_equal(items_next(&items)->state, ITEM_END);
	items_close(&items);
}

/* What is no post by its place is one where there is no sign of Jekyll. */
static void test_pages(void **state)
{
	static const char text[] = "---\ntitle: x\n---\n";
	static const struct {
		const char *first, *second;
		bool listed, pages;
		enum item_state want;
	} trees[] = {
		{ "_posts/2020-01-02-a.md", "about.md", true, false, ITEM_SKIPPED },
		{ "_posts/2020-01-02-a.md", "about.md", true, true, ITEM_READY },
		{ "notes/a.md", "about.md", true, false, ITEM_READY },
		{ "content/posts/a.md", "content/about.md", true, false, ITEM_SKIPPED },
		{ "content/posts/a.md", "content/posts/about.md", true, false, ITEM_READY },
		{ "_posts/2020-01-02-a.md", "about.md", false, false, ITEM_READY },
	};
	for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
		struct item_file files[] = { { trees[i].first, text, 0 },
			{ trees[i].second, text, 0 } };
		struct items items;
		items_open(&items, files, 2, "site/", trees[i].listed, trees[i].pages);
		assert_int_equal(items_next(&items)->state, ITEM_READY);
		if (items_next(&items)->state != trees[i].want)
			fail_msg("%s beside %s: %s", trees[i].second, trees[i].first,
				state_names[items.item.state]);
		items_close(&items);
	}
}

/* Fields without a place are told once. */
static void test_unknown(void **state)
{
	struct item_file files[] = {
		{ "2020-01-02-a.md", "---\ntitle: x\nhero: y\n---\n", 0 },
		{ "2020-01-02-b.md", "---\ntitle: x\nhero: y\nkeywords: [z]\nlayout: w\n---\n", 0 },
	};
	static const enum item_state want[] = { ITEM_READY, ITEM_NOTED, ITEM_READY, ITEM_NOTED,
		ITEM_END };
	struct items items;
	items_open(&items, files, 2, "", true, false);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		arena_reset(&items.arena);
		assert_int_equal(
			front_matter_format.next(items.source, &items.arena, &items.item, NULL),
			CODE_OK);
		assert_int_equal(items.item.state, want[i]);
		if (i == 3) {
			assert_string_equal(items.item.reason,
				"the field 'keywords' has no place in a post: left out here and in "
				"all files");
			assert_string_equal(items.item.path, "2020-01-02-b.md");
			assert_int_equal(items.item.line, 4);
		}
	}
	items_close(&items);
}

/* Texts up to the server's maximum are read, longer ones refused. */
static void test_sizes(void **state)
{
	static const char front[] = "---\ntitle: x\n---\n";
	size_t begin = sizeof front - 1;
	char *text = malloc(begin + LIMIT_BODY_BYTES + 1);
	memcpy(text, front, begin);
	memset(text + begin, 'a', LIMIT_BODY_BYTES + 1);
	for (size_t over = 0; over < 2; over++) {
		struct items items;
		struct item_file file = { "2020-01-02-a.md", text,
			begin + LIMIT_BODY_BYTES + over };
		items_open(&items, &file, 1, "", true, false);
		const struct import_item *item = items_next(&items);
		assert_int_equal(item->state, over == 0 ? ITEM_READY : ITEM_REFUSED);
		if (over == 1)
			assert_string_equal(item->reason, "the text is longer than 4194304 bytes");
		items_close(&items);
	}
	free(text);
	text = malloc(8 * 1024 * 1024);
	memset(text, 'a', 8 * 1024 * 1024);
	struct items items;
	struct item_file file = { "2020-01-02-a.md", text, 8 * 1024 * 1024 };
	items_open(&items, &file, 1, "", true, false);
	items.files[0].size_bytes = 0; /* as of a pipe */
	assert_int_equal(items_next(&items)->state, ITEM_REFUSED);
	assert_string_equal(items.item.reason, "the file is longer than 5242880 bytes");
	items_close(&items);
	free(text);
}

/* Bodies of megabytes that make a search for marks begin again and again. */
static void test_slow(void **state)
{
	static const char *const pieces[] = { "<h", "<h1", "<h1>", "<!--", "<!-- ", "<!--more", "[",
		"![", "{{", "{%", "<a", "&#", "`", "\n#", "\n-", "\n===\n", "---\n", "*" };
	size_t size = 3 * 1024 * 1024;
	char *text = malloc(size + 64);
	for (size_t i = 0; i < 2 * sizeof pieces / sizeof pieces[0]; i++) {
		const char *piece = pieces[i / 2];
		struct items items;
		struct item_file file = { i % 2 == 0 ? "2020-01-02-a.md" : "2020-01-02-a.html",
			text, size };
		memcpy(text, "---\na: b\n---\n", 13);
		for (size_t at = 13; at < size; at++)
			text[at] = piece[(at - 13) % strlen(piece)];
		memcpy(text + size - 14, "\n\n<!--more-->\n", 14);
		items_open(&items, &file, 1, "", true, false);
		assert_int_equal(items_next(&items)->state, ITEM_READY);
		items_close(&items);
	}
	free(text);
}

static void test_sniff(void **state)
{
	static const struct {
		const char *path, *head;
		bool want;
	} heads[] = {
		{ "a.md", "---\n", true },
		{ "a.md", "\xEF\xBB\xBF---\r\n", true },
		{ "a.markdown", "+++\n", true },
		{ "a.html", "---\n", true },
		{ "a.md", "{\n \"title\"", true },
		{ "a.json", "{\n \"title\"", false },
		{ "a.jsonl", "{\"post\"", false },
		{ "a.xml", "---\n", false },
		{ "a.txt", "---\n", false },
		{ "a.md", "# Title", false },
		{ "a.md", "{% include %}", false },
		{ "a.html", "<html>", false },
		{ "a.md", "", false },
		{ "-", "---\n", false },
	};
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		struct input_file file = { .path = (char *)heads[i].path };
		if (front_matter_format.sniff(&file, slice_of_text(heads[i].head)) != heads[i].want)
			fail_msg("%s: %s", heads[i].path, heads[i].head);
	}
}

static void check_valid(const struct import_item *item, void *arg)
{
	assert_true(item->state == ITEM_READY || item->reason[0] != '\0');
	struct slice reason = slice_of_text(item->reason);
	assert_true(text_find_invalid(reason) == reason.size);
	if (item->state != ITEM_READY)
		return;
	const Lectern__V1__Post *post = (const void *)item->message;
	assert_true(text_is_slug(slice_of_text(post->slug)));
	assert_int_not_equal(post->title[0], '\0');
	assert_in_range(strlen(post->title), 1, LIMIT_TITLE_BYTES);
}

/* Each sample, cut at every hundredth of its length. */
static void test_cut(void **state)
{
	static const char *const folders[] = { "jekyll", "hugo" };
	for (size_t i = 0; i < 2; i++) {
		char path[4096];
		struct tree tree;
		snprintf(path, sizeof path, "%s/tests/data/front-matter/%s", source_folder(),
			folders[i]);
		assert_true(tree_list(path, &tree));
		for (size_t j = 0; j < tree.count; j++) {
			size_t size;
			char *text = read_whole(tree.files[j].path, &size);
			for (size_t cut = 1; cut <= 100 && size > 0; cut++) {
				struct items items;
				struct item_file file = { tree.files[j].path +
								  tree.files[j].relative,
					text, size * cut / 100 };
				if (file.size == 0)
					continue;
				items_open(&items, &file, 1, "", true, true);
				check_valid(items_next(&items), NULL);
				assert_int_equal(items_next(&items)->state, ITEM_END);
				items_close(&items);
			}
		}
		tree_free(&tree);
	}
}

/* Real archives: every file is a post. */
static void test_real(void **state)
{
	static const struct {
		const char *variable, *folder;
		size_t posts;
	} archives[] = { { "LECTERN_18F", "18f", 509 }, { "LECTERN_JEKYLL", "jekyll", 102 } };
	size_t read = 0;
	for (size_t i = 0; i < 2; i++) {
		char path[4096];
		struct tree tree;
		struct listing listing = { .relative = 0 };
		const char *given = getenv(archives[i].variable);
		snprintf(path, sizeof path, "%s/../shared/data/%s", source_folder(),
			archives[i].folder);
		if (access(given == NULL ? path : given, R_OK) != 0) {
			print_message("%s is not there\n", given == NULL ? path : given);
			continue;
		}
		assert_true(tree_list(given == NULL ? path : given, &tree));
		buffer_init(&listing.text, 256 * 1024 * 1024);
		tree_read(&tree, false, list_item, &listing);
		tree_read(&tree, false, check_valid, NULL);
		if (listing.counts[ITEM_READY] != tree.count || tree.count != archives[i].posts)
			fail_msg("%s: %zu posts of %zu files, %zu refused, %zu left out",
				archives[i].folder, listing.counts[ITEM_READY], tree.count,
				listing.counts[ITEM_REFUSED], listing.counts[ITEM_SKIPPED]);
		buffer_done(&listing.text);
		tree_free(&tree);
		read++;
	}
	if (read == 0)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_same_origin),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_sniff),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_real),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
