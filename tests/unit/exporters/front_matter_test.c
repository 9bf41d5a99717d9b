#include "exporters/exporter.h"

#include "exporters/front_matter_fields.h"
#include "exporters/front_matter_name.h"
#include "support/front_matter_tree.h"
#include "support/random.h"

#include <ftw.h>
#include <lectern/v1/term.pb-c.h>
#include <times.h>
#include <unistd.h>

enum {
	ROUNDS = 12,
	POSTS = 60, /* of a round */
	TEXT_BYTES = 4096,
};

static char folder[64];

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	return remove(path);
}

static int make_folder(void **state)
{
	strcpy(folder, "/tmp/lectern-front-matter-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void export(Lectern__V1__Post *const *posts, size_t count)
{
	struct export_options options = { .directory = folder };
	struct exporter *exporter;
	struct error err;
	assert_int_equal(front_matter_export.open(&options, &exporter, NULL), CODE_OK);
	assert_int_equal(front_matter_export.term(exporter, EXPORT_TAG, NULL, NULL), CODE_OK);
	for (size_t i = 0; i < count; i++)
		if (front_matter_export.post(exporter, posts[i], &err) != CODE_OK)
			fail_msg("%s", err.text);
	front_matter_export.close(exporter);
}

static void set_time(
	Google__Protobuf__Timestamp *time, int64_t time_us, Google__Protobuf__Timestamp **at)
{
	timestamp_from_us(time, time_us);
	*at = time;
}

/* The file of a post with everything, as people see it. */
static void test_file(void **state)
{
	static const char want[] = "---\n"
				   "title: \"Yes: a \\\"title\\\"\"\n"
				   "slug: yes-a-title\n"
				   "date: 2020-01-02T03:04:05Z\n"
				   "last_modified_at: 2020-01-03T00:00:00.500Z\n"
				   "expiryDate: 2030-01-01T00:00:00Z\n"
				   "authors:\n"
				   "- Jane Doe\n"
				   "categories:\n"
				   "- \"yes\"\n"
				   "tags:\n"
				   "- \"C++\"\n"
				   "- \"2018\"\n"
				   "series: Parts\n"
				   "series_order: 2\n"
				   "lang: en\n"
				   "featured: true\n"
				   "image: \"https://example.org/a.png\"\n"
				   "canonical_url: \"https://example.org/a\"\n"
				   "redirect_from:\n"
				   "- \"/old/\"\n"
				   "excerpt: \"One.\\n\\nTwo.\"\n"
				   "lectern:\n"
				   "  version: 1\n"
				   "  origin: \"http://example.org/?p=5\"\n"
				   "  create_time: 2019-01-01T00:00:00Z\n"
				   "  tags_slugs:\n"
				   "    \"C++\": cpp\n"
				   "  attributes:\n"
				   "    color: red\n"
				   "---\n"
				   "\n"
				   "Text.\n";
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Google__Protobuf__Timestamp times[4];
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef year = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef yes = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef jane = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__SeriesRef series = LECTERN__V1__SERIES_REF__INIT;
	Lectern__V1__Attribute color = LECTERN__V1__ATTRIBUTE__INIT;
	Lectern__V1__TermRef *tags[] = { &tag, &year };
	Lectern__V1__TermRef *categories[] = { &yes };
	Lectern__V1__TermRef *authors[] = { &jane };
	Lectern__V1__Attribute *attributes[] = { &color };
	char *aliases[] = { (char *)"old" };
	post.title = (char *)"Yes: a \"title\"";
	post.slug = (char *)"yes-a-title";
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	set_time(&times[0], INT64_C(1577934245000000), &post.publish_time);
	set_time(&times[1], INT64_C(1578009600500000), &post.update_time);
	set_time(&times[2], INT64_C(1893456000000000), &post.expire_time);
	set_time(&times[3], INT64_C(1546300800000000), &post.create_time);
	jane.name = (char *)"Jane Doe";
	jane.slug = (char *)"jane-doe";
	yes.name = (char *)"yes";
	tag.name = (char *)"C++";
	tag.slug = (char *)"cpp";
	year.name = (char *)"2018";
	post.tags = tags;
	post.n_tags = 2;
	post.categories = categories;
	post.n_categories = 1;
	post.authors = authors;
	post.n_authors = 1;
	series.name = (char *)"Parts";
	series.slug = (char *)"parts";
	series.part = 2;
	post.series = &series;
	post.language = (char *)"en";
	post.featured = 1;
	post.cover_image_url = (char *)"https://example.org/a.png";
	post.canonical_url = (char *)"https://example.org/a";
	post.aliases = aliases;
	post.n_aliases = 1;
	post.excerpt = (char *)"One.\n\nTwo.";
	post.origin = (char *)"http://example.org/?p=5";
	color.key = (char *)"color";
	color.value = (char *)"red";
	post.attributes = attributes;
	post.n_attributes = 1;
	post.body = (char *)"Text.";
	Lectern__V1__Post *posts[] = { &post };
	export(posts, 1);
	char path[128];
	char got[4096];
	snprintf(path, sizeof path, "%s/_posts/2020-01-02-yes-a-title.md", folder);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	got[fread(got, 1, sizeof got - 1, file)] = '\0';
	fclose(file);
	if (strcmp(got, want) != 0)
		fail_msg("%s", got);
}

static const struct {
	const char *label, *origin, *slug;
	int state, format;
	const char *want;
} paths[] = {
	{ "no origin", "", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "a draft", "", "a", 1, 1, "_drafts/a.md" },
	{ "HTML", "", "a", 3, 2, "_posts/1970-01-01-a.html" },
	{ "Jekyll's", "2019-7-2-x.markdown", "a", 3, 1, "_posts/2019-7-2-x.markdown" },
	{ "a folder", "b/2019-07-02-x.md", "a", 3, 1, "_posts/b/2019-07-02-x.md" },
	{ "a draft of Jekyll", "x.md", "a", 1, 1, "_drafts/x.md" },
	{ "Hugo's", "posts/x/index.md", "a", 3, 1, "content/posts/x/index.md" },
	{ "of HTML", "x.htm", "a", 3, 2, "content/x.htm" },
	{ "another format", "x.html", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "an address", "http://x.org/a.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "upwards", "../x.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "upwards within", "b/../../x.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "from the root", "/x.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "an empty folder", "b//x.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "a dot", "./x.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "hidden", "b/.x.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "nothing but an extension", ".md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "a part of a site", "_includes/x.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "a backslash", "b\\x.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "a control character", "b\nx.md", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "a digest", "~0123", "a", 3, 1, "_posts/1970-01-01-a.md" },
	{ "a hidden slug", "", ".a", 1, 1, "_drafts/post-.a.md" },
	{ "a slug like a section", "", "_index", 1, 1, "_drafts/post-_index.md" },
	{ "a slug that is none", "", "../../x", 3, 1, "_posts/1970-01-01-post.md" },
};

static void test_paths(void **state)
{
	struct buffer out;
	buffer_init(&out, 4096);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		Lectern__V1__Post post = LECTERN__V1__POST__INIT;
		post.origin = (char *)paths[i].origin;
		post.slug = (char *)paths[i].slug;
		post.state = (Lectern__V1__PostState)paths[i].state;
		post.body_format = (Lectern__V1__BodyFormat)paths[i].format;
		buffer_clear(&out);
		if (!front_matter_kept_path(&post, &out))
			front_matter_made_path(&post, &out);
		if (strcmp(buffer_text(&out), paths[i].want) != 0)
			fail_msg("%s: %s", paths[i].label, buffer_text(&out));
	}
	buffer_done(&out);
}

static bool is_there(const char *name)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

/* No file is written over another, whatever the posts are called. */
static void test_same_path(void **state)
{
	Lectern__V1__Post posts[4] = { LECTERN__V1__POST__INIT, LECTERN__V1__POST__INIT,
		LECTERN__V1__POST__INIT, LECTERN__V1__POST__INIT };
	Lectern__V1__Post *list[] = { &posts[0], &posts[1], &posts[2], &posts[3] };
	posts[0].origin = (char *)"1970-01-01-a.b.md";
	posts[1].slug = (char *)"a.b";
	posts[2].slug = (char *)"a.b";
	posts[3].origin = (char *)"1970-01-01-a.b.md/x.md";
	posts[3].slug = (char *)"x";
	export(list, 4);
	assert_true(is_there("_posts/1970-01-01-a.b.md"));
	assert_true(is_there("_posts/1970-01-01-a.b-2.md"));
	assert_true(is_there("_posts/1970-01-01-a.b-3.md"));
	assert_true(is_there("content/1970-01-01-a.b.md/x.md"));
}

/* --- random posts --- */

static const char *const pieces[] = { "a", "Word", "yes", "no", "null", "~", "007", "1e3",
	"2020-01-02", "0x1F", ": ", ":", "#", " #", "- ", "-", "---", "...", "+++", "{", "}", "[",
	"]", "{{", "{%", ",", "&amp;", "&x", "*x", "!x", "|", ">", "%", "@", "`", "'", "\"", "\\",
	"\\n", "/", "?", "<b>", "<!--more-->", " ", "  ", "\xC3\xA9", "\xE4\xBD\xA0\xE5\xA5\xBD",
	"\xF0\x9F\x98\x80", "\xE2\x80\xA8", "\xEF\xBB\xBF", "\xC2\xA0", "\xEF\xBF\xBE",
	"\xCC\x88" };
static const char *const line_pieces[] = { "\n", "\n\n", "\r\n", "\r", "\t", "\x01", "\x7F",
	"\xC2\x85", "\n---\n", "\n...\n", "    ", "\n\t", "# x\n", "```\n" };

static void append_random(struct random *random, char *text, size_t capacity, bool lines)
{
	size_t count = random_below(random, 12);
	for (size_t i = 0; i < count; i++) {
		const char *piece = pieces[random_below(random, sizeof pieces / sizeof pieces[0])];
		if (lines && random_below(random, 3) == 0)
			piece = line_pieces[random_below(
				random, sizeof line_pieces / sizeof line_pieces[0])];
		if (strlen(text) + strlen(piece) + 1 < capacity)
			strcat(text, piece);
	}
}

static char *random_text(struct random *random, struct arena *arena, const char *begin, bool lines)
{
	char text[256];
	snprintf(text, sizeof text, "%s", begin);
	append_random(random, text, 180, lines);
	return arena_text(arena, slice_of_text(text));
}

static Google__Protobuf__Timestamp *random_time(
	struct random *random, struct arena *arena, int64_t from_us)
{
	Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof *time);
	int64_t unit = random_below(random, 2) == 0 ? 1000000 : 1;
	int64_t later = (int64_t)random_below(random, UINT64_C(2000000000) * 1000000);
	timestamp_from_us(time, (from_us + later) / unit * unit);
	return time;
}

static void random_refs(
	struct random *random, struct arena *arena, size_t *ret_count, Lectern__V1__TermRef ***ret)
{
	*ret_count = random_below(random, 5);
	*ret = arena_calloc(arena, *ret_count, sizeof(Lectern__V1__TermRef *));
	for (size_t i = 0; i < *ret_count; i++) {
		char begin[16];
		Lectern__V1__TermRef *ref = arena_alloc(arena, sizeof *ref);
		lectern__v1__term_ref__init(ref);
		snprintf(begin, sizeof begin, "%zu", i); /* a name of its own */
		ref->name = random_text(random, arena, begin, false);
		if (random_below(random, 4) == 0)
			ref->slug = arena_printf(arena, "custom-%zu", i);
		(*ret)[i] = ref;
	}
}

static char *random_slug(struct random *random, struct arena *arena, size_t number)
{
	static const char *const forms[] = { "a-%zu", ".%zu", "_%zu", "2020-01-02-%zu", "x%zu.en",
		"%zu.html", "%zu", "\xE4\xBD\xA0%zu", "index-%zu", "readme%zu.md" };
	char slug[LIMIT_SLUG_BYTES + 1];
	const char *form = forms[random_below(random, sizeof forms / sizeof forms[0])];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(slug, sizeof slug, form, number);
#pragma GCC diagnostic pop
	if (random_below(random, 8) == 0)
		while (strlen(slug) < LIMIT_SLUG_BYTES)
			strcat(slug, "x");
	return arena_text(arena, slice_of_text(slug));
}

static char *random_origin(struct random *random, struct arena *arena, size_t number)
{
	switch (random_below(random, 8)) {
	case 0:
		return arena_printf(arena, "posts/%zu.md", number);
	case 1:
		return arena_printf(arena, "x/2020-01-02-%zu.html", number);
	case 2:
		return arena_printf(arena, "../%zu.md", number);
	case 3:
		return arena_printf(arena, "https://example.org/?p=%zu", number);
	case 4: /* the same file for systems that fold case; a folder that is a file */
		return arena_text(arena, slice_of_text(number % 2 == 0 ? "Same.md" : "same.md"));
	case 5:
		return arena_text(arena, slice_of_text(number % 2 == 0 ? "a.md/b.md" : "a.md"));
	default:
		return arena_text(arena, slice_of_text(""));
	}
}

static void random_series(struct random *random, struct arena *arena, Lectern__V1__Post *post)
{
	if (random_below(random, 3) != 0)
		return;
	post->series = arena_alloc(arena, sizeof *post->series);
	lectern__v1__series_ref__init(post->series);
	post->series->name = random_text(random, arena, "S", false);
	if (random_below(random, 2) == 0)
		post->series->slug = arena_text(arena, slice_of_text("a-series"));
	post->series->part = (uint32_t)random_below(random, 3);
}

static void random_lists(
	struct random *random, struct arena *arena, size_t number, Lectern__V1__Post *post)
{
	random_refs(random, arena, &post->n_tags, &post->tags);
	random_refs(random, arena, &post->n_categories, &post->categories);
	random_refs(random, arena, &post->n_authors, &post->authors);
	post->n_aliases = random_below(random, 4);
	post->aliases = arena_calloc(arena, 4, sizeof(char *));
	for (size_t i = 0; i < post->n_aliases; i++)
		post->aliases[i] = random_slug(random, arena, 1000 + 10 * number + i);
	post->n_attributes = random_below(random, 4);
	post->attributes = arena_calloc(arena, 4, sizeof(Lectern__V1__Attribute *));
	for (size_t i = 0; i < post->n_attributes; i++) {
		static const char *const keys[] = { "yes", "a.b-c_D", "1", "null" };
		Lectern__V1__Attribute *attribute = arena_alloc(arena, sizeof *attribute);
		lectern__v1__attribute__init(attribute);
		attribute->key = (char *)keys[i];
		attribute->value = random_text(random, arena, "", true);
		post->attributes[i] = attribute;
	}
}

static Lectern__V1__Post *random_post(struct random *random, struct arena *arena, size_t number)
{
	static const char *const languages[] = { "", "en", "zh-Hant", "no" };
	static const char *const urls[] = { "", "https://example.org/a?b=c&d#e:f", "HTTP://x.y/'" };
	Lectern__V1__Post *post = arena_alloc(arena, sizeof *post);
	lectern__v1__post__init(post);
	bool draft = random_below(random, 4) == 0;
	post->title = random_text(random, arena, random_below(random, 2) == 0 ? "T" : "", false);
	if (post->title[strspn(post->title, " ")] == '\0')
		post->title = arena_text(arena, slice_of_text("~"));
	post->slug = random_slug(random, arena, number);
	post->origin = random_origin(random, arena, number);
	post->state = draft ? LECTERN__V1__POST_STATE__POST_STATE_DRAFT
			    : LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post->create_time = random_time(random, arena, 0);
	post->update_time = random_time(random, arena, 0);
	if (!draft || random_below(random, 2) == 0)
		post->publish_time = random_time(random, arena, -INT64_C(1000000000) * 1000000);
	if (random_below(random, 4) == 0)
		post->expire_time = random_time(random, arena, INT64_C(3000000000) * 1000000);
	random_lists(random, arena, number, post);
	random_series(random, arena, post);
	post->language = (char *)languages[random_below(random, 4)];
	post->featured = random_below(random, 2) == 0;
	post->cover_image_url = (char *)urls[random_below(random, 3)];
	post->canonical_url = (char *)urls[random_below(random, 3)];
	post->excerpt = random_text(random, arena, "", true);
	post->body = random_text(random, arena, "", true);
	post->body_format = random_below(random, 5) == 0
				    ? LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML
				    : LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN;
	return post;
}

struct expected {
	Lectern__V1__Post **posts;
	struct arena *arena; /* that lives on, for copies */
	Lectern__V1__Post *read[POSTS];
	size_t read_count;
};

static void check_post(const struct import_item *item, void *arg)
{
	struct expected *expected = arg;
	struct buffer want;
	struct buffer got;
	if (item->state != ITEM_READY || item->reason[0] != '\0')
		fail_msg("%s:%ju: %s", item->path, (uintmax_t)item->line, item->reason);
	const Lectern__V1__Post *post = (const void *)item->message;
	const Lectern__V1__Post *of = NULL;
	for (size_t i = 0; i < POSTS; i++)
		if (strcmp(expected->posts[i]->slug, post->slug) == 0)
			of = expected->posts[i];
	assert_non_null(of);
	buffer_init(&want, 1 << 20);
	buffer_init(&got, 1 << 20);
	assert_int_equal(json_print(&of->base, JSON_INDENT, &want, NULL), CODE_OK);
	assert_int_equal(json_print(&post->base, JSON_INDENT, &got, NULL), CODE_OK);
	if (strcmp(buffer_text(&want), buffer_text(&got)) != 0) {
		fprintf(stderr, "%s\n%s\n", buffer_text(&want), buffer_text(&got));
		fail_msg("%s: another post is read than was written", item->path);
	}
	buffer_done(&want);
	buffer_done(&got);
	struct slice packed = arena_pack(expected->arena, item->message);
	expected->read[expected->read_count++] =
		lectern__v1__post__unpack(&expected->arena->allocator, packed.size, packed.data);
}

/* Origins are unique on a server. */
static void make_unique(Lectern__V1__Post **posts, struct arena *arena)
{
	for (size_t i = 0; i < POSTS; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(posts[i]->origin, posts[j]->origin) == 0)
				posts[i]->origin = arena_text(arena, slice_of_text(""));
}

/* Posts that are written, read, written again and read again stay the same. */
static void test_random(void **state)
{
	struct random random = random_start();
	for (size_t round = 0; round < ROUNDS; round++) {
		struct arena arena;
		Lectern__V1__Post *posts[POSTS];
		struct expected expected = { .posts = posts, .arena = &arena };
		arena_init(&arena, LIMIT_ARENA_BYTES);
		for (size_t i = 0; i < POSTS; i++)
			posts[i] = random_post(&random, &arena, i);
		make_unique(posts, &arena);
		for (int again = 0; again < 2; again++) {
			struct tree tree;
			make_folder(NULL);
			export(again == 0 ? posts : expected.read, POSTS);
			expected.read_count = 0;
			assert_true(tree_list(folder, &tree));
			assert_int_equal(tree.count, POSTS);
			tree_read(&tree, false, check_post, &expected);
			assert_int_equal(expected.read_count, POSTS);
			tree_free(&tree);
			remove_folder(NULL);
		}
		arena_done(&arena);
	}
}

/* What Jekyll and Hugo would make of an import stays what it is: the trees of the importer's tests,
 * read, written and read again. */
struct kept {
	Lectern__V1__Post *posts[64];
	char *texts[64];
	size_t count;
	size_t checked;
	struct arena arena;
};

static void keep_post(const struct import_item *item, void *arg)
{
	struct kept *kept = arg;
	struct buffer json;
	if (item->state != ITEM_READY)
		return;
	buffer_init(&json, 1 << 20);
	items_describe(item, &json);
	struct slice packed = arena_pack(&kept->arena, item->message);
	kept->texts[kept->count] = arena_text(&kept->arena, slice_of(json.data, json.size));
	kept->posts[kept->count++] =
		lectern__v1__post__unpack(&kept->arena.allocator, packed.size, packed.data);
	buffer_done(&json);
}

static void check_kept(const struct import_item *item, void *arg)
{
	struct kept *kept = arg;
	struct buffer json;
	buffer_init(&json, 1 << 20);
	items_describe(item, &json);
	for (size_t i = 0; i < kept->count; i++)
		kept->checked += strcmp(kept->texts[i], buffer_text(&json)) == 0;
	buffer_done(&json);
}

static void test_trees(void **state)
{
	static const char *const folders[] = { "jekyll", "hugo" };
	const char *source = getenv("LECTERN_SOURCE");
	for (size_t i = 0; i < 2; i++) {
		char path[4096];
		struct tree tree;
		struct kept kept = { .count = 0 };
		arena_init(&kept.arena, LIMIT_ARENA_BYTES);
		snprintf(path, sizeof path, "%s/tests/data/front-matter/%s",
			source == NULL ? "." : source, folders[i]);
		assert_true(tree_list(path, &tree));
		tree_read(&tree, true, keep_post, &kept);
		tree_free(&tree);
		make_folder(NULL);
		export(kept.posts, kept.count);
		assert_true(tree_list(folder, &tree));
		assert_int_equal(tree.count, kept.count);
		tree_read(&tree, false, check_kept, &kept);
		assert_int_equal(kept.checked, kept.count);
		tree_free(&tree);
		remove_folder(NULL);
		arena_done(&kept.arena);
	}
}

/* Where nothing can be written. */
static void test_failures(void **state)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	struct export_options options = { .directory = "/proc/nowhere" };
	struct exporter *exporter;
	struct error err;
	post.slug = (char *)"a";
	assert_int_equal(front_matter_export.open(&options, &exporter, NULL), CODE_OK);
	assert_int_equal(front_matter_export.post(exporter, &post, &err), CODE_UNKNOWN);
	assert_string_equal(err.text,
		"cannot write '/proc/nowhere/_posts/1970-01-01-a.md': No such "
		"file or directory");
	front_matter_export.close(exporter);
	front_matter_export.close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, make_folder, remove_folder),
		cmocka_unit_test(test_paths),
		cmocka_unit_test_setup_teardown(test_same_path, make_folder, remove_folder),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
