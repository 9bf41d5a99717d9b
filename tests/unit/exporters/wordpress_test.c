#include "exporters/exporter.h"
#include "support/random.h"
#include "support/wordpress_items.h"

#include <times.h>
#include <unistd.h>

/* An export that items are written to as they are read. */
struct round {
	struct exporter *exporter;
	struct buffer printed; /* the messages */
};

static void take(const struct import_item *item, void *arg)
{
	static const enum export_kind kinds[] = { [IMPORT_TAG] = EXPORT_TAG,
		[IMPORT_CATEGORY] = EXPORT_CATEGORY,
		[IMPORT_AUTHOR] = EXPORT_AUTHOR };
	struct round *round = arg;
	struct error err = { .code = CODE_OK };
	assert_int_not_equal(item->state, ITEM_REFUSED);
	if (item->state != ITEM_READY)
		return;
	assert_int_equal(json_print(item->message, JSON_DEFAULT, &round->printed, NULL), CODE_OK);
	buffer_append_char(&round->printed, '\n');
	if (round->exporter == NULL)
		return;
	enum code code = item->kind == IMPORT_POST
				 ? wordpress_export.post(round->exporter,
					   (const Lectern__V1__Post *)item->message, &err)
				 : wordpress_export.term(
					   round->exporter, kinds[item->kind], item->message, &err);
	if (code != CODE_OK)
		fail_msg("%s", err.text);
}

/* Where an export goes; closed by finish(). */
struct output {
	FILE *file;
	char *text;
	size_t size;
	struct exporter *exporter;
};

static struct exporter *start(struct output *output)
{
	output->file = open_memstream(&output->text, &output->size);
	assert_non_null(output->file);
	struct export_options options = { .file = output->file, .now_us = WORDPRESS_NOW_US };
	assert_int_equal(wordpress_export.open(&options, &output->exporter, NULL), CODE_OK);
	return output->exporter;
}

static void finish(struct output *output)
{
	assert_int_equal(wordpress_export.finish(output->exporter, NULL), CODE_OK);
	wordpress_export.close(output->exporter);
	fclose(output->file);
}

/* The messages of a text; where output is given they are exported as well. */
static char *messages_of(struct slice text, struct output *output)
{
	struct round round = { .exporter = output == NULL ? NULL : start(output) };
	buffer_init(&round.printed, 1u << 30);
	wordpress_read(text, true, take, &round);
	buffer_append_char(&round.printed, '\0');
	if (output != NULL)
		finish(output);
	return buffer_take(&round.printed, NULL);
}

/* Import, export and import again: the same messages. Once more: the same bytes. */
static void check_round(struct slice text)
{
	struct output first, second;
	char *before = messages_of(text, &first);
	char *behind = messages_of(slice_of(first.text, first.size), &second);
	if (strcmp(before, behind) != 0)
		fail_msg("before:\n%s\nbehind:\n%s\nin between:\n%s", before, behind, first.text);
	assert_string_equal(first.text, second.text);
	free(before);
	free(behind);
	free(first.text);
	free(second.text);
}

static void check_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("cannot read %s", path);
	char *text = malloc(1 << 20);
	size_t size = fread(text, 1, 1 << 20, file);
	fclose(file);
	check_round(slice_of(text, size));
	free(text);
}

static void test_samples(void **state)
{
	static const char *const samples[] = { "version-1.0.xml", "version-1.1.xml",
		"version-1.2.xml" };
	const char *source = getenv("LECTERN_SOURCE");
	char path[4096];
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		snprintf(path, sizeof path, "%s/tests/data/wordpress/%s",
			source == NULL ? "." : source, samples[i]);
		check_file(path);
	}
	snprintf(path, sizeof path, "%s/../shared/data/wordpress/themeunittestdata.wordpress.xml",
		source == NULL ? "." : source);
	if (access(path, R_OK) == 0)
		check_file(path);
}

enum { POSTS = 200, TERMS = 6, TEXT_BYTES = 400 };

/* Pieces that are hard on one of the ways. */
static const char *const pieces[] = { "a", "b", "Z", " ", " ", "\n", "\n\n", "<", ">", "&", "&amp;",
	"]]>", "]]", "<![CDATA[", "\"", "'", "<p>", "</p>", "<b>", "</b>", "<br>", "<div>",
	"</div>", "<pre>", "</pre>", "<!--", "-->", "\xC3\xA9", "\xE6\xB5\xB7", "\xF0\x9F\x98\x80",
	"[gallery]", "%41", "\\", "&#8217;", "\t", "<li>", "<a href=\"x\">", "</a>", "- ", "0" };
enum { PIECES = sizeof pieces / sizeof pieces[0] };

static char *random_text(struct random *random, struct arena *arena, size_t pieces_max)
{
	char text[TEXT_BYTES * 20];
	size_t size = 0;
	size_t count = random_below(random, pieces_max + 1);
	for (size_t i = 0; i < count; i++) {
		const char *piece = pieces[random_below(random, PIECES)];
		memcpy(text + size, piece, strlen(piece));
		size += strlen(piece);
	}
	return arena_text(arena, slice_of(text, size));
}

/* Plain text in the form that the server keeps: one line, no blanks at its ends, not empty. */
static char *random_name(struct random *random, struct arena *arena)
{
	char *text = random_text(random, arena, 12);
	char *name = arena_printf(arena, "n%s", text);
	size_t kept = 0;
	for (const char *at = name; *at != '\0'; at++) {
		char c = *at == '\n' || *at == '\t' ? ' ' : *at;
		if (c != ' ' || (kept > 0 && name[kept - 1] != ' '))
			name[kept++] = c;
	}
	while (kept > 0 && name[kept - 1] == ' ')
		kept--;
	name[kept] = '\0';
	return name;
}

static Google__Protobuf__Timestamp *random_time(
	struct random *random, struct arena *arena, int64_t below_s)
{
	Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof *time);
	timestamp_from_us(time, (int64_t)random_below(random, (uint64_t)below_s) * 1000000);
	return time;
}

static Lectern__V1__TermRef **random_refs(
	struct random *random, struct arena *arena, Lectern__V1__TermRef *terms, size_t *ret_count)
{
	Lectern__V1__TermRef **refs = arena_calloc(arena, TERMS, sizeof(Lectern__V1__TermRef *));
	*ret_count = 0;
	for (size_t i = 0; i < TERMS; i++)
		if (random_below(random, 3) == 0)
			refs[(*ret_count)++] = &terms[i];
	return refs;
}

/* What the importer makes of such a post when it reads it again is the post itself. */
static void fill_times(struct random *random, struct arena *arena, Lectern__V1__Post *post)
{
	int64_t now_s = WORDPRESS_NOW_US / 1000000;
	Google__Protobuf__Timestamp *time = random_time(random, arena, now_s);
	Google__Protobuf__Timestamp *update = random_time(random, arena, now_s);
	switch (random_below(random, 4)) {
	case 0:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		break;
	case 1:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
		time = NULL;
		post->publish_time = random_time(random, arena, now_s);
		post->publish_time->seconds += now_s + 1;
		break;
	default:
		post->state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
		post->publish_time = time;
		break;
	}
	if (random_below(random, 2) == 0)
		post->update_time = update;
	if (time == NULL)
		post->create_time = post->update_time;
	else if (post->update_time != NULL && update->seconds < time->seconds)
		post->create_time = update;
	else
		post->create_time = time;
}

static Lectern__V1__Post *random_post(struct random *random, struct arena *arena,
	Lectern__V1__TermRef terms[3][TERMS], unsigned n)
{
	Lectern__V1__Post *post = arena_alloc(arena, sizeof *post);
	lectern__v1__post__init(post);
	post->slug = arena_printf(arena, "post-%u%s", n, n % 2 == 0 ? "" : "-\xE6\xB5\xB7.x_y");
	post->title = random_name(random, arena);
	if (random_below(random, 2) == 0)
		post->excerpt = random_name(random, arena);
	post->origin = n % 3 == 0 ? arena_printf(arena, "http://x.example/?p=%u&a=<b>\"", n)
				  : arena_printf(arena, "lectern:post/%u", n);
	post->body_format = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML;
	if (random_below(random, 10) != 0)
		post->body =
			arena_printf(arena, "<p>%s</p>", random_text(random, arena, TEXT_BYTES));
	post->featured = random_below(random, 2) == 0;
	if (random_below(random, 3) == 0)
		post->cover_image_url = arena_printf(arena, "https://x.example/%u.png?a&b", n);
	fill_times(random, arena, post);
	post->categories = random_refs(random, arena, terms[0], &post->n_categories);
	post->tags = random_refs(random, arena, terms[1], &post->n_tags);
	post->authors = random_refs(random, arena, terms[2], &post->n_authors);
	post->aliases = arena_calloc(arena, 3, sizeof(char *));
	for (uint64_t i = random_below(random, 4); i > 0; i--)
		post->aliases[post->n_aliases++] =
			arena_printf(arena, "old-\xC3\xA9-%u-%ju", n, (uintmax_t)i);
	return post;
}

static void export_terms(struct random *random, struct arena *arena, struct round *round,
	Lectern__V1__TermRef *terms, enum import_kind kind)
{
	static const char letters[] = "?tca";
	for (unsigned i = 0; i < TERMS; i++) {
		Lectern__V1__Category category = LECTERN__V1__CATEGORY__INIT;
		Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
		Lectern__V1__Author author = LECTERN__V1__AUTHOR__INIT;
		ProtobufCMessage *messages[] = { NULL, &tag.base, &category.base, &author.base };
		lectern__v1__term_ref__init(&terms[i]);
		terms[i].slug = arena_printf(arena, "%c-%u", letters[kind], i);
		terms[i].name = arena_printf(arena, "%u%s", i, random_name(random, arena));
		category.slug = tag.slug = author.slug = terms[i].slug;
		category.name = tag.name = author.name = terms[i].name;
		category.description = tag.description =
			random_below(random, 2) == 0 ? (char *)"" : random_name(random, arena);
		/* Parents come before children, and the importer tells those of one depth in
		 * the order that it read them in. */
		if (i >= TERMS / 2)
			category.parent = &terms[random_below(random, TERMS / 2)];
		struct import_item item = { .kind = kind, .message = messages[kind] };
		take(&item, round);
	}
}

static void test_random(void **state)
{
	struct random random = random_start();
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	for (unsigned round_number = 0; round_number < 5; round_number++) {
		Lectern__V1__TermRef terms[3][TERMS];
		struct output output;
		struct round round = { .exporter = start(&output) };
		struct round authors = { .exporter = round.exporter };
		buffer_init(&round.printed, 1u << 30);
		buffer_init(&authors.printed, 1u << 30);
		arena_reset(&arena);
		export_terms(&random, &arena, &round, terms[0], IMPORT_CATEGORY);
		export_terms(&random, &arena, &round, terms[1], IMPORT_TAG);
		export_terms(&random, &arena, &authors, terms[2], IMPORT_AUTHOR);
		for (unsigned i = 0; i < POSTS; i++) {
			Lectern__V1__Post *post = random_post(&random, &arena, terms, i);
			struct import_item item = { .kind = IMPORT_POST, .message = &post->base };
			take(&item, &round);
		}
		finish(&output);
		buffer_append_char(&round.printed, '\0');
		/* The importer tells of authors first. */
		buffer_append(&authors.printed, round.printed.data, round.printed.size);
		char *got = messages_of(slice_of(output.text, output.size), NULL);
		const char *want = buffer_text(&authors.printed);
		for (const char *a = want, *b = got; *a != '\0' || *b != '\0';) {
			size_t size = strcspn(a, "\n");
			if (strcspn(b, "\n") != size || memcmp(a, b, size) != 0)
				fail_msg("want: %.*s\ngot:  %.*s", (int)size, a,
					(int)strcspn(b, "\n"), b);
			a += size + 1;
			b += size + 1;
		}
		free(got);
		free(output.text);
		buffer_done(&round.printed);
		buffer_done(&authors.printed);
	}
	arena_done(&arena);
}

/* What XML cannot hold goes, and nothing else. */
static void test_forbidden(void **state)
{
	struct output output;
	struct exporter *exporter = start(&output);
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	post.slug = (char *)"a";
	post.title = (char *)"a\x01"
			     "b\xEF\xBF\xBE\xEF\xBF\xBD";
	post.body_format = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN;
	post.body = (char *)"*a*";
	post.html = (char *)"<p>]]\x02><em>a</em>\x1F\xEF\xBF\xBF</p>";
	post.state = LECTERN__V1__POST_STATE__POST_STATE_EXPIRED;
	assert_int_equal(wordpress_export.post(exporter, &post, NULL), CODE_OK);
	post.state = LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
	assert_int_equal(wordpress_export.post(exporter, &post, NULL), CODE_OK);
	finish(&output);
	char *printed = wordpress_print(slice_of(output.text, output.size), false);
	assert_non_null(strstr(printed, "\"title\":\"ab\xEF\xBF\xBD\""));
	assert_non_null(strstr(printed, "\"body\":\"<p>]]><em>a</em></p>\""));
	assert_non_null(strstr(printed, "its status \"private\" is a draft here"));
	assert_non_null(strstr(printed, "it is in the trash"));
	free(printed);
	free(output.text);
}

/* A disk that is full. */
static void test_full(void **state)
{
	struct error err = { .code = CODE_OK };
	struct exporter *exporter = NULL;
	FILE *file = fopen("/dev/full", "w");
	setvbuf(file, NULL, _IONBF, 0);
	struct export_options options = { .file = file };
	assert_int_equal(wordpress_export.open(&options, &exporter, &err), CODE_UNKNOWN);
	assert_string_equal(err.text, "No space left on device");
	assert_null(exporter);
	wordpress_export.close(exporter);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_full),
	};
	return cmocka_run_group_tests_name("wordpress", tests, NULL, NULL);
}
