/* Ghost exports are read back by the importer of the same form, which has tests of its own. */
#include "base/arena.h"
#include "codec/json.h"
#include "exporters/exporter.h"
#include "support/import_items.h"
#include "support/random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

enum { DUMP_BYTES_MAX = 64 * 1024 * 1024 };

#define NOW_US INT64_C(1700000000000000)

static struct arena arena;

static const ProtobufCMessage *parse(const ProtobufCMessageDescriptor *descriptor, const char *json)
{
	ProtobufCMessage *message;
	struct error err;
	if (json_parse(descriptor, slice_of_text(json), &arena, &message, &err) != CODE_OK)
		fail_msg("%s: %s", json, err.text);
	return message;
}

struct export
{
	struct exporter *exporter;
	FILE *file;
	char *text;
	size_t size;
};

static void begin(struct export *export)
{
	*export = (struct export){ .file = open_memstream(&export->text, &export->size) };
	assert_non_null(export->file);
	struct export_options options = { .file = export->file, .now_us = NOW_US };
	assert_int_equal(ghost_export.open(&options, &export->exporter, NULL), CODE_OK);
}

static void add_term(struct export *export, enum export_kind kind, const ProtobufCMessage *term)
{
	assert_int_equal(ghost_export.term(export->exporter, kind, term, NULL), CODE_OK);
}

static void add_post(struct export *export, const Lectern__V1__Post *post)
{
	assert_int_equal(ghost_export.post(export->exporter, post, NULL), CODE_OK);
}

/* The document; free export->text. */
static void end(struct export *export)
{
	assert_int_equal(ghost_export.finish(export->exporter, NULL), CODE_OK);
	ghost_export.close(export->exporter);
	assert_int_equal(fclose(export->file), 0);
}

static const char empty_document[] =
	"{\"db\":[{\"meta\":{\"exported_on\":1700000000000,\"version\":\"5.0.0\"},\"data\":{"
	"\"tags\":[\n],\"users\":[\n],\"posts\":[\n],\"posts_tags\":[\n],\"posts_authors\":[\n"
	"]}}]}\n";

static void test_empty(void **state)
{
	struct export export;
	begin(&export);
	end(&export);
	assert_string_equal(export.text, empty_document);
	assert_true(ghost_format.sniff(NULL, slice_of_text(export.text)));
	free(export.text);
	ghost_export.close(NULL);
}

#define CATEGORY(json) parse(&lectern__v1__category__descriptor, json)
#define TAG(json) parse(&lectern__v1__tag__descriptor, json)
#define AUTHOR(json) parse(&lectern__v1__author__descriptor, json)
#define POST(json) (const Lectern__V1__Post *)parse(&lectern__v1__post__descriptor, json)

/* What Ghost reads, field by field; tags with the slug of a category are that one. */
static void test_document(void **state)
{
	struct export export;
	begin(&export);
	add_term(&export, EXPORT_CATEGORY,
		CATEGORY("{\"id\":\"7\",\"slug\":\"python\",\"name\":\"Python\"}"));
	add_term(&export, EXPORT_TAG,
		TAG("{\"id\":\"7\",\"slug\":\"b\",\"name\":\"B \\\"q\\\"\",\"description\":\"D\","
		    "\"createTime\":\"2024-01-02T03:04:05.678901Z\"}"));
	add_term(&export, EXPORT_TAG, TAG("{\"id\":\"8\",\"slug\":\"python\",\"name\":\"py\"}"));
	add_term(&export, EXPORT_AUTHOR,
		AUTHOR("{\"id\":\"1\",\"slug\":\"ada\",\"name\":\"Ada\",\"url\":\"https://"
		       "a.example\"}"));
	add_term(
		&export, EXPORT_AUTHOR, AUTHOR("{\"id\":\"2\",\"slug\":\"zoë\",\"name\":\"Zoë\"}"));
	add_post(&export,
		POST("{\"id\":\"255\",\"slug\":\"p\",\"title\":\"P\",\"state\":\"POST_STATE_"
		     "PUBLISHED\","
		     "\"publishTime\":\"2024-01-02T03:04:05Z\",\"categories\":[{\"id\":\"7\"}],"
		     "\"tags\":[{\"id\":\"8\"},{\"id\":\"7\"}],\"authors\":[{\"id\":\"2\"},{\"id\":"
		     "\"1\"}],\"featured\":true,\"language\":\"zh-Hant\",\"origin\":"
		     "\"ghost:1ac4b168-908f-470d-952c-42b3e4a115c4\",\"body\":\"*m*\",\"html\":"
		     "\"<p><em>m</em></p>\\n\"}"));
	add_post(&export, POST("{\"id\":\"256\",\"slug\":\"q\",\"title\":\"Q\",\"state\":\"POST_"
			       "STATE_EXPIRED\","
			       "\"bodyFormat\":\"BODY_FORMAT_HTML\",\"body\":\"<p>x</"
			       "p>\",\"html\":\"<p>y</p>\"}"));
	add_post(&export, POST("{\"id\":\"257\",\"slug\":\"t\",\"title\":\"T\",\"state\":\"POST_"
			       "STATE_TRASHED\"}"));
	end(&export);
	assert_string_equal(export.text,
		"{\"db\":[{\"meta\":{\"exported_on\":1700000000000,\"version\":\"5.0.0\"},\"data\":"
		"{\"tags\":[\n"
		"{\"id\":\"4c6700010000000000000007\",\"name\":\"Python\",\"slug\":\"python\","
		"\"description\":null,\"visibility\":\"public\",\"created_at\":null,\"updated_at\":"
		"null},\n"
		"{\"id\":\"4c6700010100000000000007\",\"name\":\"B \\\"q\\\"\",\"slug\":\"b\","
		"\"description\":\"D\",\"visibility\":\"public\",\"created_at\":"
		"\"2024-01-02T03:04:05.678Z\",\"updated_at\":null}\n"
		"],\"users\":[\n"
		"{\"id\":\"4c6700020000000000000001\",\"name\":\"Ada\",\"slug\":\"ada\",\"email\":"
		"\"ada@example.invalid\",\"profile_image\":null,\"bio\":null,\"website\":"
		"\"https://a.example\",\"created_at\":null,\"updated_at\":null},\n"
		"{\"id\":\"4c6700020000000000000002\",\"name\":\"Zoë\",\"slug\":\"zoë\",\"email\":"
		"\"author-2@example.invalid\",\"profile_image\":null,\"bio\":null,\"website\":null,"
		"\"created_at\":null,\"updated_at\":null}\n"
		"],\"posts\":[\n"
		"{\"id\":\"4c67000300000000000000ff\",\"uuid\":"
		"\"1ac4b168-908f-470d-952c-42b3e4a115c4\",\"title\":\"P\",\"slug\":\"p\",\"html\":"
		"\"<p><em>m</em></p>\\n\",\"feature_image\":null,\"featured\":1,\"type\":\"post\","
		"\"status\":\"published\",\"locale\":null,\"visibility\":\"public\",\"created_at\":"
		"null,\"updated_at\":null,\"published_at\":\"2024-01-02T03:04:05.000Z\","
		"\"custom_excerpt\":null,\"canonical_url\":null},\n"
		"{\"id\":\"4c6700030000000000000100\",\"uuid\":"
		"\"9a0ef1b4-53ef-55a0-a8b1-06b92e6174bf\",\"title\":\"Q\",\"slug\":\"q\",\"html\":"
		"\"<p>x</p>\",\"feature_image\":null,\"featured\":0,\"type\":\"post\",\"status\":"
		"\"draft\",\"locale\":null,\"visibility\":\"public\",\"created_at\":null,"
		"\"updated_at\":null,\"published_at\":null,\"custom_excerpt\":null,"
		"\"canonical_url\":null}\n"
		"],\"posts_tags\":[\n"
		"{\"id\":\"4c6700040000000000000000\",\"post_id\":\"4c67000300000000000000ff\","
		"\"tag_id\":\"4c6700010000000000000007\",\"sort_order\":0},\n"
		"{\"id\":\"4c6700040000000000000001\",\"post_id\":\"4c67000300000000000000ff\","
		"\"tag_id\":\"4c6700010100000000000007\",\"sort_order\":1}\n"
		"],\"posts_authors\":[\n"
		"{\"id\":\"4c6700050000000000000000\",\"post_id\":\"4c67000300000000000000ff\","
		"\"author_id\":\"4c6700020000000000000002\",\"sort_order\":0},\n"
		"{\"id\":\"4c6700050000000000000001\",\"post_id\":\"4c67000300000000000000ff\","
		"\"author_id\":\"4c6700020000000000000001\",\"sort_order\":1}\n"
		"]}}]}\n");
	free(export.text);
}

/* Letters of all sizes, and what JSON must escape. */
static char *random_text(struct random *random, size_t characters)
{
	static const char *const letters[] = { "a", "b", "Z", " ", "\"", "\\", "/", "é", "中",
		"\xF0\x9F\x98\x80", "\xE2\x80\xA8", "<", "&", "7" };
	struct buffer text;
	buffer_init(&text, 1 << 20);
	buffer_append_char(&text, 'x');
	for (size_t i = random_below(random, characters); i > 0; i--)
		buffer_append_text(
			&text, letters[random_below(random, sizeof letters / sizeof letters[0])]);
	buffer_append_char(&text, 'x');
	char *copy = arena_text(&arena, slice_of(text.data, text.size));
	buffer_done(&text);
	assert_non_null(copy);
	return copy;
}

static Google__Protobuf__Timestamp *random_time(struct random *random)
{
	Google__Protobuf__Timestamp *time = arena_alloc(&arena, sizeof *time);
	assert_non_null(time);
	timestamp_from_us(time, (int64_t)random_below(random, UINT64_C(1600000000000)) * 1000);
	return time;
}

static Lectern__V1__TermRef **random_refs(
	struct random *random, Lectern__V1__TermRef *terms, size_t count, size_t *ret_count)
{
	Lectern__V1__TermRef **refs = arena_calloc(&arena, count, sizeof *refs);
	assert_non_null(refs);
	size_t first = random_below(random, count);
	*ret_count = random_below(random, count);
	for (size_t i = 0; i < *ret_count; i++)
		refs[i] = &terms[(first + i) % count];
	return refs;
}

enum { TERMS = 6 };

static Lectern__V1__Post *random_post(struct random *random, uint64_t id,
	Lectern__V1__TermRef *tags, Lectern__V1__TermRef *authors)
{
	Lectern__V1__Post *post = arena_alloc(&arena, sizeof *post);
	assert_non_null(post);
	lectern__v1__post__init(post);
	post->id = id;
	post->slug = arena_printf(&arena, "post-%ju", (uintmax_t)id);
	post->title = random_text(random, 250);
	post->excerpt = random_below(random, 2) ? random_text(random, 290) : (char *)"";
	post->featured = random_below(random, 2) != 0;
	post->state = random_below(random, 2) ? LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED
					      : LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
	post->publish_time = random_time(random);
	post->create_time = random_time(random);
	post->update_time = random_time(random);
	post->language = (char *)(random_below(random, 2) ? "en-GB" : "de");
	post->cover_image_url = (char *)"https://example.com/a%20b.png";
	post->canonical_url = (char *)(random_below(random, 2) ? "http://example.com/é" : "");
	post->body_format = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML;
	post->body = random_text(random, 5000);
	post->origin = arena_printf(&arena, "ghost:%08x-0000-4000-8000-%012jx",
		(unsigned)random_below(random, UINT32_MAX), (uintmax_t)id);
	post->tags = random_refs(random, tags, TERMS, &post->n_tags);
	post->authors = random_refs(random, authors, TERMS, &post->n_authors);
	return post;
}

/* What the importer would say of it. */
static void describe(Lectern__V1__Post *post, struct buffer *out)
{
	Lectern__V1__Post copy = *post;
	copy.id = 0;
	for (size_t i = 0; i < copy.n_tags; i++)
		copy.tags[i]->id = 0;
	for (size_t i = 0; i < copy.n_authors; i++)
		copy.authors[i]->id = 0;
	buffer_clear(out);
	buffer_append_char(out, ' ');
	assert_int_equal(json_print(&copy.base, JSON_DEFAULT, out, NULL), CODE_OK);
	buffer_append_char(out, '\n');
}

/* Random posts come back as they were. */
static void test_round_trip(void **state)
{
	enum { POSTS = 200 };
	struct random random = random_start();
	struct export export;
	Lectern__V1__TermRef tags[TERMS];
	Lectern__V1__TermRef authors[TERMS];
	static Lectern__V1__Post *posts[POSTS];
	begin(&export);
	for (size_t i = 0; i < TERMS; i++) {
		lectern__v1__term_ref__init(&tags[i]);
		tags[i].slug = arena_printf(&arena, "tag-%zu", i);
		tags[i].name = random_text(&random, 40);
		authors[i] = tags[i];
		authors[i].slug = arena_printf(&arena, "author-%zu", i);
		tags[i].id = authors[i].id = i + 1;
		Lectern__V1__Tag tag;
		lectern__v1__tag__init(&tag);
		tag.id = i + 1;
		tag.slug = tags[i].slug;
		tag.name = tags[i].name;
		add_term(&export, EXPORT_TAG, &tag.base);
	}
	for (size_t i = 0; i < TERMS; i++) {
		Lectern__V1__Author author;
		lectern__v1__author__init(&author);
		author.id = i + 1;
		author.slug = authors[i].slug;
		author.name = authors[i].name;
		add_term(&export, EXPORT_AUTHOR, &author.base);
	}
	for (size_t i = 0; i < POSTS; i++) {
		posts[i] = random_post(&random, i + 1, tags, authors);
		add_post(&export, posts[i]);
	}
	end(&export);
	struct buffer got;
	struct buffer want;
	buffer_init(&got, DUMP_BYTES_MAX);
	buffer_init(&want, DUMP_BYTES_MAX);
	import_items_of(&ghost_format, slice_of(export.text, export.size), NULL, &got, NULL);
	const char *at = buffer_text(&got);
	assert_non_null(at);
	for (size_t i = 0; i < POSTS; i++) {
		describe(posts[i], &want);
		const char *found = strstr(at, buffer_text(&want));
		if (found == NULL)
			fail_msg("post %zu: want%sin\n%s", i, buffer_text(&want), at);
		at = found;
	}
	assert_null(strstr(buffer_text(&got), "refused"));
	buffer_done(&got);
	buffer_done(&want);
	free(export.text);
}

/* Texts that are too long for Ghost are cut at a character, addresses left out. */
static void test_limits(void **state)
{
	static char title[3 * 300 + 1];
	static char url[2048 + 1];
	for (size_t i = 0; i < 300; i++)
		memcpy(title + 3 * i, "中", 3);
	memset(url, 'x', sizeof url - 1);
	memcpy(url, "https://", 8);
	Lectern__V1__Post post;
	lectern__v1__post__init(&post);
	post.id = 1;
	post.slug = (char *)"a";
	post.title = title;
	post.cover_image_url = url;
	struct export export;
	begin(&export);
	add_post(&export, &post);
	end(&export);
	title[255 * 3] = '\0';
	char want[1024];
	snprintf(want, sizeof want, "\"title\":\"%s\",", title);
	assert_non_null(strstr(export.text, want));
	assert_non_null(strstr(export.text, "\"feature_image\":null"));
	free(export.text);
}

static ssize_t refuse_write(void *cookie, const char *bytes, size_t size)
{
	errno = ENOSPC;
	return 0;
}

static void test_full_disk(void **state)
{
	cookie_io_functions_t functions = { .write = refuse_write };
	struct export_options options = { .file = fopencookie(NULL, "w", functions) };
	assert_non_null(options.file);
	setvbuf(options.file, NULL, _IONBF, 0);
	struct exporter *exporter;
	struct error err;
	assert_int_equal(ghost_export.open(&options, &exporter, &err), CODE_UNKNOWN);
	assert_string_equal(err.text, "No space left on device");
	fclose(options.file);
}

static int start_arena(void **state)
{
	arena_init(&arena, 256 << 20);
	return 0;
}

static int end_arena(void **state)
{
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_full_disk),
	};
	return cmocka_run_group_tests_name("ghost export", tests, start_arena, end_arena);
}
